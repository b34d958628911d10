# Targets without logic: each is one command.
.PHONY: build test race lint golden generate check bench bench-peers bench-collect fuzz e2e demo prove image release

build:
	go build -trimpath -o bin/regpolicy ./cmd/regpolicy

demo:
	go run ./cmd/regpolicy demo

test:
	go test ./...

race:
	go test -race ./...

lint:
	golangci-lint run ./...

golden:
	go test ./cmd/regpolicy -update

generate:
	go generate ./...

check:
	.ci/run

bench:
	go test -run '^$$' -bench . -benchmem ./...

# Beside conftest and opa; NODES, PLAIN_NODES, DOCUMENTS and SIZES say how large.
bench-peers:
	test/peers/run "$(NODES)" "$(PLAIN_NODES)" "$(DOCUMENTS)" "$(SIZES)"

# Beside kubectl, an ssh loop and an openssl s_client loop; FLAGS say how large.
bench-collect:
	test/peers/collect $(FLAGS)

# FUZZTIME each; PATTERN picks targets by package and name.
fuzz:
	.ci/fuzz $(or $(FUZZTIME),10m) $(PATTERN)

e2e:
	test/e2e/run

# What the tests of our policies are worth: coverage, mutation score, vacuous passes.
prove: build
	bin/regpolicy check policies
	bin/regpolicy test policies fixtures --coverage --mutate --ablate

# The container image, without Docker: an OCI layout in bin/image.
image:
	ko build --push=false --oci-layout-path bin/image ./cmd/regpolicy

# All that a release has, without publishing: dist/.
release:
	goreleaser release --clean --snapshot --skip=ko,publish
