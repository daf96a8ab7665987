# What is done often, as one word each. `make help` prints the list from the ## comments.

.DEFAULT_GOAL := help
.PHONY: help run test soak bench golden screenshots check fmt format lint docs deny scripts release

CARGO_DENY_VERSION := 0.20.2

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and serve on ./data; DATABASE_URL=postgres://… serves on PostgreSQL, ARGS=… adds flags
	cargo run --package connix-server --bin connix -- serve $(ARGS)

test: ## Every test, on SQLite and on PostgreSQL (which it starts itself, or TEST_DATABASE_URL), and in Chromium
	.ci/with-chromium .ci/with-postgres .ci/tests

soak: ## The long campaigns at full size, on both stores: kill -9 under busy agents, limits of three servers, what times tell
	CONNIX_SOAK=full .ci/with-postgres .ci/soak

bench: ## What rate limits cost a request, and questions at 10^4, 10^5 and 10^6 rows, on both stores, and their ratio; ROWS="…" for other sizes
	cargo build --release --package connix-bench
	.ci/with-postgres sh -c 'target/release/connix-bench --postgres "$$TEST_DATABASE_URL" $(ROWS)'

golden: ## Print the committed files that tests print (docs/lifecycles.md, docs/errors.md, docs/api/openapi.json) anew
	UPDATE_GOLDEN=1 cargo test --quiet --package connix-domain --package connix-http

screenshots: ## Take the documentation's pictures of the pages anew (docs/images)
	CONNIX_SCREENSHOTS=$(CURDIR)/docs/images .ci/with-chromium cargo test --package connix-tests --test browser sqlite::every_page

check: format lint docs deny scripts ## Everything but the tests: format, lints, documentation, licences

fmt: ## Repair the format
	cargo fmt --all

format: ## Check the format
	cargo fmt --all --check

lint: ## Clippy over every target; a warning is an error
	cargo clippy --workspace --all-targets -- -D warnings

docs: ## Build the documentation; a broken link is an error
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

deny: ## Licences, banned crates, sources (deny.toml)
	@cargo deny --version >/dev/null 2>&1 || cargo install cargo-deny --locked --debug --version $(CARGO_DENY_VERSION)
	cargo deny --offline check bans licenses sources
	@echo "Known vulnerabilities are not looked up here: where GitHub can be reached, run \`cargo deny check advisories\`."

scripts: ## Lint the shell scripts (where shellcheck is installed)
	@if command -v shellcheck >/dev/null; then shellcheck .ci/*; else echo "shellcheck is not installed: scripts not linted"; fi

release: ## Build the release binary: target/release/connix
	cargo build --release --package connix-server --bin connix
