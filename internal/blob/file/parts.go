package file

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/bridle-ci/bridle/internal/blob"
)

// An upload is a folder parts/ID with a file key and a file for each part, named NNNNN-ETAG.
const (
	keyFile      = "key"
	etagBytes    = 16
	partNameForm = "%05d-%s"
)

// CreateParts implements blob.Store.
func (s *Store) CreateParts(ctx context.Context, key string) (string, error) {
	if err := blob.CheckKey(key); err != nil {
		return "", err
	}
	id := rand.Text()
	_, err := s.write(ctx, path.Join(partsFolder, id, keyFile), func(f *os.File) error {
		_, err := f.WriteString(key)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("begin upload of object %s: %w", key, err)
	}
	return id, nil
}

// PutPart implements blob.Store.
func (s *Store) PutPart(ctx context.Context, key, id string, number int, r io.Reader) (string, error) {
	if err := blob.CheckPart(number); err != nil {
		return "", err
	}
	folder, err := s.upload(key, id)
	if err != nil {
		return "", fmt.Errorf("put part %d of object %s: %w", number, key, err)
	}
	hash := sha256.New()
	temp, _, err := s.stage(ctx, func(f *os.File) error {
		_, err := io.Copy(io.MultiWriter(f, hash), contextReader{ctx, r})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("put part %d of object %s: %w", number, key, err)
	}
	etag := hex.EncodeToString(hash.Sum(nil)[:etagBytes])
	// Not place: it would make the folder of an upload again which has ended in the meantime.
	err = s.root.Rename(temp, path.Join(folder, fmt.Sprintf(partNameForm, number, etag)))
	if err == nil {
		err = s.sync(folder)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("put part %d of object %s: %w", number, key, notFound(err)), s.root.RemoveAll(temp))
	}
	return etag, nil
}

// Complete implements blob.Store.
func (s *Store) Complete(ctx context.Context, key, id string, parts []blob.Part) (blob.Info, error) {
	folder, err := s.upload(key, id)
	if err == nil {
		err = checkParts(parts)
	}
	if err != nil {
		return blob.Info{}, fmt.Errorf("complete object %s: %w", key, err)
	}
	name, err := objectPath(key)
	if err != nil {
		return blob.Info{}, err
	}
	info, err := s.write(ctx, name, func(f *os.File) error {
		for _, p := range parts {
			if err := s.appendPart(ctx, f, folder, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return blob.Info{}, fmt.Errorf("complete object %s: %w", key, err)
	}
	if err := s.root.RemoveAll(folder); err != nil {
		return blob.Info{}, fmt.Errorf("complete object %s: %w", key, err)
	}
	return info, nil
}

// Abort implements blob.Store.
func (s *Store) Abort(_ context.Context, key, id string) error {
	folder, err := s.upload(key, id)
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = s.root.RemoveAll(folder)
	}
	if err != nil {
		return fmt.Errorf("abort upload of object %s: %w", key, err)
	}
	return nil
}

// upload returns the folder of an upload, if it is one for the key.
func (s *Store) upload(key, id string) (string, error) {
	if err := blob.CheckKey(key); err != nil {
		return "", err
	}
	for _, c := range id {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') { // the alphabet of rand.Text
			return "", blob.ErrNotFound
		}
	}
	if id == "" {
		return "", blob.ErrNotFound
	}
	folder := path.Join(partsFolder, id)
	kept, err := s.root.ReadFile(path.Join(folder, keyFile))
	if err != nil {
		return "", notFound(err)
	}
	if string(kept) != key {
		return "", blob.ErrNotFound
	}
	return folder, nil
}

func checkParts(parts []blob.Part) error {
	last := 0
	for _, p := range parts {
		if err := blob.CheckPart(p.Number); err != nil {
			return err
		}
		if p.Number <= last {
			return fmt.Errorf("%w: number %d after %d", blob.ErrBadPart, p.Number, last)
		}
		last = p.Number
		if decoded, err := hex.DecodeString(p.ETag); err != nil || len(decoded) != etagBytes {
			return fmt.Errorf("%w: number %d has an etag that no upload returned", blob.ErrBadPart, p.Number)
		}
	}
	if last == 0 {
		return fmt.Errorf("%w: none is named", blob.ErrBadPart)
	}
	return nil
}

func (s *Store) appendPart(ctx context.Context, to *os.File, folder string, p blob.Part) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := s.root.Open(path.Join(folder, fmt.Sprintf(partNameForm, p.Number, p.ETag)))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: number %d with etag %s was not uploaded", blob.ErrBadPart, p.Number, p.ETag)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(to, f)
	return errors.Join(err, f.Close())
}
