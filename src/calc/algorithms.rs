//! Names of algorithms, and the classes by which devices list them.

/// A class, and the algorithms it has.
struct Class {
    name: &'static str,
    algorithms: &'static [&'static str],
}

/// Algorithms that devices list under their own names.
#[rustfmt::skip]
const PLAIN: &[&str] = &[
    "zlib", "gzip", "deflate", "lz77_zstd", "lz77_only", "lz4",
    "hashagg", "hashjoin", "gather", "udma",
    "rsa", "dh", "ecdh", "ecdsa", "x25519", "x448", "sm2",
];

/// Algorithms that devices list under the name of their class.
#[rustfmt::skip]
const CLASSES: &[Class] = &[
    Class {
        name: "hashjoin",
        algorithms: &["join-gather"],
    },
    Class {
        name: "cipher",
        algorithms: &[
            "ecb(aes)", "cbc(aes)", "xts(aes)", "ofb(aes)", "cfb(aes)", "ctr(aes)",
            "cbc-cs1(aes)", "cbc-cs2(aes)", "cbc-cs3(aes)",
            "ecb(sm4)", "cbc(sm4)", "xts(sm4)", "ofb(sm4)", "cfb(sm4)", "ctr(sm4)",
            "cbc-cs1(sm4)", "cbc-cs2(sm4)", "cbc-cs3(sm4)",
            "ecb(des)", "cbc(des)", "ecb(des3_ede)", "cbc(des3_ede)",
        ],
    },
    Class {
        name: "aead",
        algorithms: &[
            "ccm(aes)", "gcm(aes)", "ccm(sm4)", "gcm(sm4)",
            "authenc(generic,cbc(aes))", "authenc(generic,cbc(sm4))",
        ],
    },
    Class {
        name: "digest",
        algorithms: &[
            "sm3", "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-224",
            "sha512-256", "cmac(aes)", "gmac(aes)", "xcbc-mac-96(aes)", "xcbc-prf-128(aes)",
        ],
    },
];

/// The class of an algorithm, as devices list it in `algorithms`: `"cipher"` for `"cbc(aes)"`,
/// `"zlib"` for `"zlib"`. The empty name has the empty class, which the C API answers so. `None` for
/// a name that is unknown.
#[must_use]
pub fn class(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("");
    }
    let plain = PLAIN.iter().copied().find(|&plain| plain == name);
    plain.or_else(|| {
        let class = CLASSES
            .iter()
            .find(|class| class.algorithms.contains(&name));
        class.map(|class| class.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_in_the_class_that_devices_list() {
        for (name, expected) in [
            ("zlib", "zlib"),
            ("lz77_only", "lz77_only"),
            ("join-gather", "hashjoin"),
            ("hashjoin", "hashjoin"),
            ("sm2", "sm2"),
            ("cbc(aes)", "cipher"),
            ("ecb(des3_ede)", "cipher"),
            ("authenc(generic,cbc(sm4))", "aead"),
            ("sha512-256", "digest"),
            ("cmac(aes)", "digest"),
            ("", ""),
        ] {
            assert_eq!(class(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn an_unknown_name_has_no_class() {
        for name in [
            "cipher", "digest", "aead", "zli", "zlib ", "ZLIB", "cbc(aes",
        ] {
            assert_eq!(class(name), None, "{name}");
        }
    }
}
