//! Sets of networks.

use std::net::IpAddr;

use ipnet::IpNet;

/// Networks by the length of their prefix: one binary search for each length there is.
#[derive(Clone, Debug)]
pub(crate) struct Networks {
    v4: Box<[OfLength]>,
    v6: Box<[OfLength]>,
}

#[derive(Clone, Debug)]
struct OfLength {
    /// The bits that count.
    mask: u128,
    /// Sorted.
    networks: Vec<u128>,
}

impl Networks {
    pub(crate) fn new(networks: &[IpNet]) -> Networks {
        let of = |is_v4: bool| {
            let mut lengths: Vec<OfLength> = Vec::new();
            for network in networks.iter().filter(|network| network.addr().is_ipv4() == is_v4) {
                let mask = bits(network.netmask());
                let bits = bits(network.network());
                match lengths.iter_mut().find(|known| known.mask == mask) {
                    Some(known) => known.networks.push(bits),
                    None => lengths.push(OfLength { mask, networks: vec![bits] }),
                }
            }
            for length in &mut lengths {
                length.networks.sort_unstable();
                length.networks.dedup();
            }
            lengths.into_boxed_slice()
        };
        Networks { v4: of(true), v6: of(false) }
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let lengths = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        let address = bits(address);
        lengths.iter().any(|length| length.networks.binary_search(&(address & length.mask)).is_ok())
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_its_networks_only() {
        let networks: Vec<IpNet> = ["10.0.0.0/8", "192.168.1.7/32", "2001:db8::/32", "0.0.0.0/32"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        let set = Networks::new(&networks);
        for (address, expected) in [
            ("10.255.0.1", true),
            ("11.0.0.0", false),
            ("192.168.1.7", true),
            ("192.168.1.8", false),
            ("2001:db8:1::", true),
            ("2001:db9::", false),
            ("::", false),
        ] {
            assert_eq!(set.contains(address.parse().unwrap()), expected, "{address}");
        }
        assert!(Networks::new(&["0.0.0.0/0".parse().unwrap()]).contains([1, 2, 3, 4].into()));
    }
}
