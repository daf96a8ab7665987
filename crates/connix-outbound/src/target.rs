//! The judgement of a URL as it is written, before anything is resolved or dialled.
//!
//! The raw text is judged and not only what a parser makes of it: parsers drop tabs, turn `127.1` into an address and
//! `%31` into a digit, and whoever reads the text next may do otherwise.

use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

use crate::rule::{AddressRule, Blocked, Standing};

const LONGEST: usize = 2048;

/// Ports above 1023 that databases, caches and control planes listen on.
const INNER_PORTS: &[u16] = &[
    1433, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 4001, 5432, 5672, 5984, 6379, 6443, 7001, 8500, 8501, 9042, 9092,
    9200, 9300, 10250, 10255, 11211, 15672, 27017, 50000,
];

/// Names that mean an inner host wherever they are asked.
const INNER_NAMES: &[&str] = &["localhost", "local", "internal", "home.arpa"];

/// A URL that may be dialled, as far as its text tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(Url);

/// Why a URL is not to be dialled. The words are for the one who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetFault {
    /// Longer than any service needs.
    #[error("must be at most {LONGEST} bytes")]
    TooLong,
    /// What a parser may drop, or read otherwise than people do.
    #[error("must be printable ASCII without spaces and backslashes")]
    Characters,
    /// It is no URL.
    #[error("must be an absolute URL such as https://example.com/path")]
    NotAUrl,
    /// Another scheme.
    #[error("must begin with https:// (http:// is for targets in {0})")]
    Scheme(&'static str),
    /// A user or password.
    #[error("must hold no user name and no password")]
    Credentials,
    /// `#…`, which is never sent.
    #[error("must have no fragment")]
    Fragment,
    /// The host is written in a way of which readers make different things.
    #[error("must name its host plainly")]
    Host,
    /// A name of inner hosts.
    #[error("must be a public host; names of inner hosts are for targets in {0}")]
    InnerName(&'static str),
    /// An address that may not be dialled.
    #[error("must be a public address: {0}")]
    Address(#[from] Blocked),
    /// What the service itself listens to or uses.
    #[error("must not be a place of the service's own")]
    Reserved,
    /// A port of inner services.
    #[error("must not use port {0}")]
    Port(u16),
}

impl Target {
    /// Judges a URL as somebody wrote it.
    ///
    /// Where the rule allows inner networks, a *name* may be one of an inner host and take plain HTTP: what it resolves to is
    /// judged when it is dialled.
    ///
    /// # Errors
    /// [`TargetFault`]
    pub fn parse(raw: &str, rule: &AddressRule) -> Result<Self, TargetFault> {
        if raw.len() > LONGEST {
            return Err(TargetFault::TooLong);
        }
        if !raw.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(TargetFault::Characters);
        }
        let written = Written::of(raw)?;
        let url = Url::parse(raw).map_err(|_| TargetFault::NotAUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(TargetFault::Scheme(rule.setting()));
        }
        if written.credentials || !url.username().is_empty() || url.password().is_some() {
            return Err(TargetFault::Credentials);
        }
        if url.fragment().is_some() {
            return Err(TargetFault::Fragment);
        }
        let standing = judge_host(&url, written.host, rule)?;
        if url.scheme() == "http" && standing == Standing::Public {
            return Err(TargetFault::Scheme(rule.setting()));
        }
        check_port(&url, standing, rule)?;
        Ok(Self(url))
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }
}

/// The parts of a URL as they stand in the text.
struct Written<'a> {
    host: &'a str,
    credentials: bool,
}

impl<'a> Written<'a> {
    fn of(raw: &'a str) -> Result<Self, TargetFault> {
        let (_, rest) = raw.split_once("://").ok_or(TargetFault::NotAUrl)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (credentials, host_and_port) = match authority.rsplit_once('@') {
            Some((_, after)) => (true, after),
            None => (false, authority),
        };
        let host = match host_and_port.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => host,
            _ => host_and_port,
        };
        Ok(Self { host, credentials })
    }
}

fn judge_host(url: &Url, written: &str, rule: &AddressRule) -> Result<Standing, TargetFault> {
    let host = url.host().ok_or(TargetFault::NotAUrl)?;
    let address = match &host {
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        Host::Domain(_) => None,
    };
    let port = url.port_or_known_default().unwrap_or_default();
    let Some(address) = address else {
        let name = host.to_string();
        if rule.reserves_name(&name, port) {
            return Err(TargetFault::Reserved);
        }
        return judge_name(&name, written, rule);
    };
    if rule.reserves(address, port) {
        return Err(TargetFault::Reserved);
    }
    // `[::ffff:7f00:1]` and `[::FFFF:127.0.0.1]` are one address in two plain ways of writing it
    let plainly = written.trim_matches(['[', ']']).parse() == Ok(address);
    if plainly { Ok(rule.judge(address)?) } else { Err(TargetFault::Host) }
}

fn judge_name(name: &str, written: &str, rule: &AddressRule) -> Result<Standing, TargetFault> {
    if !name.eq_ignore_ascii_case(written) {
        return Err(TargetFault::Host);
    }
    if rule.allows_some() {
        return Ok(Standing::Allowed);
    }
    let name = name.trim_end_matches('.');
    let ends_inside = |inner: &str| name == inner || name.ends_with(&format!(".{inner}"));
    if !name.contains('.') || INNER_NAMES.iter().any(|inner| ends_inside(inner)) {
        return Err(TargetFault::InnerName(rule.setting()));
    }
    Ok(Standing::Public)
}

fn check_port(url: &Url, standing: Standing, rule: &AddressRule) -> Result<(), TargetFault> {
    let port = url.port_or_known_default().unwrap_or_default();
    let usual = port == 443 || (port >= 1024 && !INNER_PORTS.contains(&port));
    let allowed = standing == Standing::Allowed && if rule.closes_inner_ports() { port == 80 } else { port != 0 };
    if usual || allowed { Ok(()) } else { Err(TargetFault::Port(port)) }
}
