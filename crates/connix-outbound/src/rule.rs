//! The judgement of one address: public, allowed by the operator, or blocked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use thiserror::Error;

use crate::address::is_public;
use crate::reserved::Reserved;

/// Where clouds keep their machines' credentials: allowed by nothing.
const METADATA_SERVICES: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    // the first of them, translated
    IpAddr::V6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0xa9fe, 0xa9fe)),
];

/// Which addresses may be dialled.
#[derive(Debug, Clone)]
pub struct AddressRule {
    setting: &'static str,
    allowed: Vec<IpNet>,
    own: Vec<SocketAddr>,
    reserved: Vec<Reserved>,
    is_for_tenants: bool,
}

/// An address that may be dialled, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Anybody could dial it.
    Public,
    /// The operator allows it, and plain HTTP to it.
    Allowed,
}

/// An address that may not be dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{address} is not a public address, and not in {setting}")]
pub struct Blocked {
    /// The address.
    pub address: IpAddr,
    /// The setting that could allow it.
    pub setting: &'static str,
}

impl AddressRule {
    /// Public addresses, and those in `allowed`, which is what `setting` holds.
    #[must_use]
    pub fn new(setting: &'static str, allowed: Vec<IpNet>) -> Self {
        Self { setting, allowed, own: Vec::new(), reserved: Vec::new(), is_for_tenants: false }
    }

    /// The same for what tenants have dialled as often as they like, with answers that they read: never what is `reserved`;
    /// this host only where a network of its own (`127.0.0.0/8`) is allowed, not by a wider one; and ports of inner services
    /// in allowed networks neither.
    #[must_use]
    pub fn for_tenants(setting: &'static str, allowed: Vec<IpNet>, reserved: Vec<Reserved>) -> Self {
        Self { reserved, is_for_tenants: true, ..Self::new(setting, allowed) }
    }

    /// Without the service's own listeners, also where their addresses are public.
    #[must_use]
    pub fn except(self, own: Vec<SocketAddr>) -> Self {
        Self { own, ..self }
    }

    /// Judges one address.
    ///
    /// # Errors
    /// [`Blocked`]
    pub fn judge(&self, address: IpAddr) -> Result<Standing, Blocked> {
        let address = address.to_canonical();
        if !METADATA_SERVICES.contains(&address) && self.allowed.iter().any(|network| self.opens(network, address)) {
            return Ok(Standing::Allowed);
        }
        if is_public(address) && !self.own.iter().any(|own| own.ip().to_canonical() == address) {
            return Ok(Standing::Public);
        }
        Err(Blocked { address, setting: self.setting })
    }

    fn opens(&self, network: &IpNet, address: IpAddr) -> bool {
        let by_name = !self.is_for_tenants || !address.is_loopback() || network.addr().is_loopback();
        network.contains(&address) && by_name
    }

    /// Whether the service's own is there.
    pub(crate) fn reserves(&self, address: IpAddr, port: u16) -> bool {
        self.reserved.iter().any(|reserved| reserved.is_at(address, port))
    }

    /// Whether the service's own is called so.
    pub(crate) fn reserves_name(&self, name: &str, port: u16) -> bool {
        self.reserved.iter().any(|reserved| reserved.is_named(name, port))
    }

    /// Whether ports of inner services are closed in allowed networks too.
    pub(crate) fn closes_inner_ports(&self) -> bool {
        self.is_for_tenants
    }

    /// Judges all addresses of a host together: one bad address refuses all, and one that is merely public makes the host
    /// a public one.
    ///
    /// # Errors
    /// [`Blocked`], for the first that is.
    pub fn judge_all(&self, addresses: impl IntoIterator<Item = IpAddr>) -> Result<Standing, Blocked> {
        addresses.into_iter().try_fold(Standing::Allowed, |so_far, address| {
            let standing = self.judge(address)?;
            Ok(if standing == Standing::Public { standing } else { so_far })
        })
    }

    /// Whether any address beside the public ones may be dialled.
    #[must_use]
    pub fn allows_some(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// The setting that allows more.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        self.setting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(allowed: &[&str]) -> AddressRule {
        AddressRule::new("tools.allow_cidrs", allowed.iter().map(|network| network.parse().unwrap()).collect())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_operator_allows_networks_in_either_way_of_writing() {
        let rule = rule(&["127.0.0.0/8", "fd00::/8"]);
        for address in ["127.0.0.1", "::ffff:127.0.0.1", "fd00::1"] {
            assert_eq!(rule.judge(ip(address)), Ok(Standing::Allowed), "{address}");
        }
        assert_eq!(rule.judge(ip("8.8.8.8")), Ok(Standing::Public));
        let blocked = rule.judge(ip("10.0.0.1")).unwrap_err().to_string();
        assert_eq!(blocked, "10.0.0.1 is not a public address, and not in tools.allow_cidrs");
    }

    #[test]
    fn nothing_allows_the_metadata_service() {
        for everything in [rule(&["0.0.0.0/0", "::/0"]), rule(&["169.254.169.254/32"])] {
            for address in
                ["169.254.169.254", "::ffff:169.254.169.254", "100.100.100.200", "fd00:ec2::254", "64:ff9b::a9fe:a9fe"]
            {
                assert!(everything.judge(ip(address)).is_err(), "{address}");
            }
        }
    }

    #[test]
    fn tenants_reach_this_host_only_where_it_is_meant() {
        let tenants =
            |allowed: &str| AddressRule::for_tenants("tools.allow_cidrs", vec![allowed.parse().unwrap()], vec![]);
        for (allowed, address, opens) in [
            ("0.0.0.0/0", "127.0.0.1", false),
            ("::/0", "::1", false),
            ("0.0.0.0/0", "10.0.0.1", true),
            ("127.0.0.0/8", "127.0.0.1", true),
            ("::1/128", "::1", true),
        ] {
            assert_eq!(tenants(allowed).judge(ip(address)).is_ok(), opens, "{address} in {allowed}");
        }
        assert!(rule(&["0.0.0.0/0"]).judge(ip("127.0.0.1")).is_ok());
    }

    #[test]
    fn one_bad_address_refuses_all_and_one_public_one_makes_a_host_public() {
        let rule = rule(&["10.0.0.0/8"]);
        assert!(rule.judge_all([ip("8.8.8.8"), ip("192.168.0.1")]).is_err());
        assert_eq!(rule.judge_all([ip("10.0.0.1"), ip("8.8.8.8")]), Ok(Standing::Public));
        assert_eq!(rule.judge_all([ip("10.0.0.1"), ip("10.0.0.2")]), Ok(Standing::Allowed));
    }

    #[test]
    fn the_services_own_public_address_is_refused_unless_allowed() {
        let own = vec!["8.8.4.4:443".parse().unwrap()];
        assert!(rule(&[]).except(own.clone()).judge(ip("8.8.4.4")).is_err());
        assert_eq!(rule(&["8.8.4.4/32"]).except(own).judge(ip("8.8.4.4")), Ok(Standing::Allowed));
    }
}
