//! Addresses and networks; an IPv4 address mapped into IPv6 is the IPv4 address.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

/// Reads an address as a request has it.
pub(crate) fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetworkError {
    NotANetwork,
    /// The network that the address lies in.
    HostBits(IpNet),
}

/// Reads an address or a CIDR without host bits.
pub(crate) fn parse_network(text: &str) -> Result<IpNet, NetworkError> {
    if let Some(address) = parse_address(text) {
        return Ok(IpNet::from(address));
    }
    let (address, prefix) = text.split_once('/').ok_or(NetworkError::NotANetwork)?;
    // `ipnet` takes `010.0.0.0` for `10.0.0.0`, where others read it as octal.
    let is_address = parse_address(address).is_some();
    // The prefix in canonical decimal: `10.0.0.0/08` is a typing mistake.
    let odd = !is_address || prefix.is_empty() || (prefix.len() > 1 && prefix.starts_with('0'));
    let network: IpNet = match text.parse() {
        Ok(network) if !odd && prefix.bytes().all(|byte| byte.is_ascii_digit()) => network,
        _ => return Err(NetworkError::NotANetwork),
    };
    if network.addr() != network.network() {
        return Err(NetworkError::HostBits(network.trunc()));
    }
    Ok(unmapped(network))
}

/// `::ffff:10.0.0.0/104` as `10.0.0.0/8`.
fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let mapped: Option<Ipv4Addr> = v6.addr().to_ipv4_mapped();
    mapped
        .zip(v6.prefix_len().checked_sub(96))
        .and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok())
        .map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_exact() {
        let v4: IpNet = "10.0.0.0/8".parse().unwrap();
        assert_eq!(parse_network("10.0.0.0/8"), Ok(v4));
        assert_eq!(parse_network("::ffff:10.0.0.0/104"), Ok(v4));
        assert_eq!(parse_network("10.1.0.0/8"), Err(NetworkError::HostBits(v4)));
        assert!(parse_network("2001:db8::/32").is_ok());
        assert_eq!(parse_network("::ffff:1.2.3.4"), parse_network("1.2.3.4"));
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/",
            "10.0.0.0/08",
            "a/8",
            "10.0.0.0/+8",
            "010.0.0.0/8",
        ] {
            assert_eq!(parse_network(text), Err(NetworkError::NotANetwork), "{text}");
        }
    }
}
