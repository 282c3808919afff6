//! Which paths lead to simulated devices, by their text alone.

#![forbid(unsafe_code)]

/// The beginning of the name of the bus, below `/sys/devices`, that all simulated devices are on.
/// No real machine has a PCI segment of this number.
pub const BUS: &str = "pciffff:";

/// The beginning of the names of device nodes.
const NODE: &[u8] = b"hisi_zip-";

/// The major number that nodes of the class have. The kernel chooses one when the class is made.
pub const MAJOR: u32 = 236;
/// The major number of groups, which the kernel chooses, too.
const GROUPS: u32 = 235;
/// The numbers of `/dev/vfio/vfio`: a miscellaneous device with a number of its own.
const CONTAINER: (u32, u32) = (10, 196);

/// Whether a path that begins with these bytes may be [`inside`]. Reads no byte behind the first NUL.
///
/// The bytes are given one at a time, so that nothing behind the end of the text is looked at.
#[inline(always)]
pub fn may_be(byte: impl Fn(usize) -> u8) -> bool {
    if byte(0) != b'/' {
        return false;
    }
    match byte(1) {
        b's' => byte(2) == b'y' && byte(3) == b's',
        b'd' => byte(2) == b'e' && byte(3) == b'v',
        // "//sys" and "/./sys" are the same; whoever writes so pays for it.
        b'/' | b'.' => true,
        _ => false,
    }
}

/// Where in the tree an absolute path leads, without a slash in front: `class/uacce/…`,
/// `class/sdmdev/…` and `devices/pciffff:…` for those below `/sys`, `dev/hisi_zip-0` and `dev/vfio/10`
/// for nodes. `None` for any other path.
///
/// `..` is not followed: a path that leaves a simulated directory by it ends nowhere, and one that
/// comes in by it is another path.
#[must_use]
pub fn inside(path: &[u8]) -> Option<Vec<u8>> {
    if path.first() != Some(&b'/') {
        return None;
    }
    let mut names = path
        .split(|byte| *byte == b'/')
        .filter(|name| !name.is_empty() && *name != b".");
    let first: [&[u8]; 3] = [names.next()?, names.next()?, names.next().unwrap_or(b"")];
    let rest = names.next();
    let ours = match first {
        [b"sys", b"class", b"uacce" | b"sdmdev"] => true,
        [b"sys", b"devices", name] => name.starts_with(BUS.as_bytes()),
        [b"dev", b"vfio", _] => rest.is_none(),
        [b"dev", name, b""] => is_node(name),
        _ => false,
    };
    ours.then(|| {
        let mut kept = path
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty() && *name != b".")
            .collect::<Vec<_>>();
        if kept.first() == Some(&&b"sys"[..]) {
            kept.remove(0);
        }
        kept.join(&b'/')
    })
}

fn is_node(name: &[u8]) -> bool {
    let number = name.strip_prefix(NODE).unwrap_or(b"");
    !number.is_empty() && number.iter().all(u8::is_ascii_digit)
}

/// Whether a place in the tree is of VFIO, where there may be none.
#[must_use]
pub fn is_vfio(inside: &[u8]) -> bool {
    inside.starts_with(b"class/sdmdev") || inside.starts_with(b"dev/vfio")
}

/// The node that this place in the tree is: `hisi_zip-0`, `vfio/vfio` or `vfio/10`.
#[must_use]
pub fn node(inside: &[u8]) -> Option<&str> {
    let name = inside.strip_prefix(b"dev/")?;
    let is_node = is_node(name) || name.starts_with(b"vfio/");
    core::str::from_utf8(name).ok().filter(|_| is_node)
}

/// The major and minor number of a node.
#[must_use]
pub fn numbers(node: &str) -> (u32, u32) {
    let number = |text: &str| text.parse().unwrap_or(0);
    match node.strip_prefix("vfio/") {
        Some("vfio") => CONTAINER,
        Some(group) => (GROUPS, number(group)),
        None => (MAJOR, node.rsplit('-').next().map_or(0, number)),
    }
}

/// The path that the program knows, of a place in the tree.
#[must_use]
pub fn outside(inside: &[u8]) -> Vec<u8> {
    let root: &[u8] = if inside.starts_with(b"dev/") {
        b"/"
    } else {
        b"/sys/"
    };
    [root, inside].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Option<String> {
        let quick = may_be(|at| path.as_bytes().get(at).copied().unwrap_or(0));
        let found = inside(path.as_bytes());
        assert!(quick || found.is_none(), "{path}");
        found.map(|found| String::from_utf8(found).expect("a text"))
    }

    #[test]
    fn what_is_ours_is_found_however_it_is_written() {
        for (path, expected) in [
            ("/sys/class/uacce", "class/uacce"),
            ("/sys/class/uacce/", "class/uacce"),
            (
                "//sys/./class//uacce/hisi_zip-0/api",
                "class/uacce/hisi_zip-0/api",
            ),
            ("/sys/devices/pciffff:00/x", "devices/pciffff:00/x"),
            ("/dev/hisi_zip-0", "dev/hisi_zip-0"),
            ("/./dev/hisi_zip-63", "dev/hisi_zip-63"),
            (
                "/sys/class/sdmdev/0000:75:00.0",
                "class/sdmdev/0000:75:00.0",
            ),
            ("/dev/vfio", "dev/vfio"),
            ("/dev//vfio/vfio", "dev/vfio/vfio"),
            ("/dev/vfio/10", "dev/vfio/10"),
        ] {
            assert_eq!(place(path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn other_paths_are_left_alone() {
        for path in [
            "",
            "/",
            "sys/class/uacce",
            "/sys",
            "/sys/class",
            "/sys/class/uacces",
            "/sys/class/net",
            "/sys/devices/pci0000:00",
            "/dev",
            "/dev/null",
            "/dev/vfio/10/x",
            "/dev/vfios",
            "/dev/hisi_zip-",
            "/dev/hisi_zip-a",
            "/dev/hisi_zip-0x",
            "/dev/hisi_sec2-0",
            "/dev/shm/hisi_zip-0",
            "/home/sys/class/uacce",
            "/system/class/uacce",
        ] {
            assert_eq!(place(path), None, "{path}");
        }
    }

    #[test]
    fn a_place_has_one_path_outside() {
        assert_eq!(outside(b"class/uacce"), b"/sys/class/uacce");
        assert_eq!(outside(b"dev/hisi_zip-1"), b"/dev/hisi_zip-1");
        assert_eq!(node(b"dev/hisi_zip-1"), Some("hisi_zip-1"));
        assert_eq!(node(b"class/uacce/hisi_zip-1"), None);
        assert_eq!(node(b"dev/vfio"), None);
        assert_eq!(node(b"dev/vfio/10"), Some("vfio/10"));
    }

    #[test]
    fn nodes_have_numbers() {
        assert_eq!(numbers("hisi_zip-12"), (MAJOR, 12));
        assert_eq!(numbers("vfio/vfio"), (10, 196));
        assert_eq!(numbers("vfio/11"), (GROUPS, 11));
    }
}
