//! How the worker's HTTP clients are set up.

use std::time::Duration;

use reqwest::{Client, Url, redirect};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("connix-worker/", env!("CARGO_PKG_VERSION"));

/// A client for calls to `url`'s host. It follows no redirect, since each would repeat a credential elsewhere; it reads
/// the system's certificates only when it needs them, so that a host without any can still speak plain HTTP; and it goes
/// to loopback addresses directly, whatever proxy is set.
pub(crate) fn client_for(url: &Url) -> reqwest::Result<Client> {
    let mut builder =
        Client::builder().redirect(redirect::Policy::none()).connect_timeout(CONNECT_TIMEOUT).user_agent(USER_AGENT);
    if url.scheme() == "http" {
        builder = builder.tls_certs_only([]);
    }
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    builder.build()
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_hosts_are_recognised_by_name_and_by_address() {
        for (url, expected) in [
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080/v1", true),
            ("http://localhost/v1", true),
            ("https://api.example.com/v1", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
