// Command protogen makes the Go code of contracts/agent/agentedge.proto. It stands in for protoc: the plugins it feeds
// are the ones of go.mod beside it, so nothing has to be installed.
//
//	go -C tools run ./protogen
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

const (
	protoDir  = "../contracts/agent"
	protoFile = "agentedge.proto"
	outDir    = "../internal/server/agentapi/agentedge"
)

// plugins are run in turn. An empty suffix puts the service's code into the package of its messages.
var plugins = []struct{ name, parameter string }{
	{"protoc-gen-go", "paths=source_relative"},
	{"protoc-gen-connect-go", "paths=source_relative,package_suffix="},
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "protogen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	compiler := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{ImportPaths: []string{protoDir}},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(ctx, protoFile)
	if err != nil {
		return fmt.Errorf("compile %s: %w", protoFile, err)
	}
	var descriptors []*descriptorpb.FileDescriptorProto
	for _, file := range files {
		descriptors = append(descriptors, protodesc.ToFileDescriptorProto(file))
	}
	for _, p := range plugins {
		response, err := generate(ctx, p.name, &pluginpb.CodeGeneratorRequest{
			FileToGenerate: []string{protoFile},
			Parameter:      proto.String(p.parameter),
			ProtoFile:      descriptors,
		})
		if err == nil {
			err = write(response)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func generate(ctx context.Context, plugin string, request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	input, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "tool", plugin)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(output, &response); err != nil {
		return nil, err
	}
	if response.Error != nil {
		return nil, errors.New(response.GetError())
	}
	return &response, nil
}

func write(response *pluginpb.CodeGeneratorResponse) error {
	if err := os.MkdirAll(outDir, 0o755); err != nil {
		return err
	}
	for _, file := range response.GetFile() {
		if err := os.WriteFile(filepath.Join(outDir, filepath.Base(file.GetName())), []byte(file.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
