package builds

import "context"

// GiveSlots is what the task of a concurrency group does, for nodes that do it at the same moment.
func (s *Service) GiveSlots(ctx context.Context, organizationID, group string) error {
	return s.giveSlots(ctx, groupTask{OrganizationID: organizationID, Group: group})
}
