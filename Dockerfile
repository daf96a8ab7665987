# Connix in a container: docs/operations.md, "In a container".

FROM rust:1.95-bookworm AS build
WORKDIR /connix
# The image's own toolchain: rust-toolchain.toml would add components that only developers need.
ENV RUSTUP_TOOLCHAIN=1.95.0
COPY . .
# The registry and the compiled dependencies stay in the builder's cache between builds; the program is copied out of it.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/connix/target \
    cargo build --release --locked --package connix-server --bin connix && cp target/release/connix /usr/local/bin/connix

FROM debian:bookworm-slim
# The certificates by which the model's endpoint and a remote PostgreSQL are trusted.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/connix --create-home connix && chmod 0700 /var/lib/connix
COPY --from=build /usr/local/bin/connix /usr/local/bin/connix

USER connix
ENV CONNIX_DATA_DIR=/var/lib/connix \
    CONNIX_SERVER__LISTEN=0.0.0.0:8080 \
    CONNIX_OPERATIONS__LISTEN=0.0.0.0:9090
VOLUME /var/lib/connix
EXPOSE 8080 9090
# The server handles SIGTERM itself. As process 1 it would inherit everybody's orphans, and could not tell which of them a program of a tool
# has left: run it with `--init`.
ENTRYPOINT ["connix"]
CMD ["serve"]
