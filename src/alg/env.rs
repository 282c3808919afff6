//! The values of the environment variables `WD_<class>_CTX_NUM`, `_EPOLL_EN`,
//! `_ASYNC_POLL_EN` and `_ASYNC_POLL_NUM`.

use super::sched::Mode;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::env;

/// So many contexts of a kind, on a NUMA node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// How they are used.
    pub mode: Mode,
    /// The kind of operation.
    pub op_type: u8,
    /// How many.
    pub number: u32,
    /// The node.
    pub node: u32,
}

/// The names of modes and kinds of operation in `CTX_NUM`, by mode and then by kind.
pub type Kinds = [&'static [&'static str]; 2];

/// The kinds of compression.
pub const COMP: Kinds = [
    &["sync-comp:", "sync-decomp:"],
    &["async-comp:", "async-decomp:"],
];

/// The value of a variable; `None` if it is not set, or empty.
#[must_use]
pub fn value(name: &str) -> Option<String> {
    env::secure(name).filter(|value| !value.is_empty())
}

/// A decimal number without leading zeros.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text.len() == 1 || !text.starts_with('0');
    text.parse().ok().filter(|_| digits && plain)
}

/// `number@node`.
fn on_node(text: &str) -> Option<(u32, u32)> {
    let (count, node) = text.split_once('@')?;
    Some((number(count)?, number(node)?))
}

/// The value of `CTX_NUM`: `item[,item...]`, where an item is `mode:number@node`.
///
/// # Errors
/// [`Error::Invalid`], with a message, for anything else.
pub fn contexts(text: &str, kinds: &Kinds) -> Result<Vec<Item>> {
    let items = text.split(',').map(|item| {
        item_of(item, kinds).ok_or_else(|| {
            log_error!("\"{item}\" in \"{text}\" is not like sync-comp:1@0");
            Error::Invalid
        })
    });
    items.collect()
}

fn item_of(item: &str, kinds: &Kinds) -> Option<Item> {
    for (mode, names) in [Mode::Sync, Mode::Async].into_iter().zip(kinds) {
        for (op_type, name) in names.iter().enumerate() {
            if let Some(rest) = item.strip_prefix(name) {
                let (number, node) = on_node(rest)?;
                return Some(Item {
                    mode,
                    op_type: u8::try_from(op_type).ok()?,
                    number,
                    node,
                });
            }
        }
    }
    None
}

/// The value of `ASYNC_POLL_NUM`: `number@node[,number@node...]`.
///
/// # Errors
/// [`Error::Invalid`], with a message, for anything else.
pub fn threads(text: &str) -> Result<Vec<(u32, u32)>> {
    let items = text.split(',').map(|item| {
        on_node(item).ok_or_else(|| {
            log_error!("\"{item}\" in \"{text}\" is not like 1@0");
            Error::Invalid
        })
    });
    items.collect()
}

/// The variable `name`, `0` or `1`; false if it is not set, or empty.
///
/// # Errors
/// [`Error::Invalid`], with a message, for anything else.
pub fn switch(name: &str) -> Result<bool> {
    value(name).map_or(Ok(false), |text| switch_of(name, &text))
}

fn switch_of(name: &str, text: &str) -> Result<bool> {
    match text {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => {
            log_error!("{name}: \"{text}\" is neither 0 nor 1");
            Err(Error::Invalid)
        }
    }
}

/// Whether `WD_FALLBACK` says that software may do what devices cannot.
#[must_use]
pub fn falls_back() -> bool {
    value("WD_FALLBACK").is_some_and(|text| text == "soft")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(mode: Mode, op_type: u8, number: u32, node: u32) -> Item {
        Item {
            mode,
            op_type,
            number,
            node,
        }
    }

    #[test]
    fn contexts_are_items_of_mode_number_and_node() {
        let all = "sync-comp:1@0,sync-decomp:2@1,async-comp:30@2,async-decomp:0@0";
        let expected = vec![
            item(Mode::Sync, 0, 1, 0),
            item(Mode::Sync, 1, 2, 1),
            item(Mode::Async, 0, 30, 2),
            item(Mode::Async, 1, 0, 0),
        ];
        assert_eq!(contexts(all, &COMP), Ok(expected));
    }

    #[test]
    fn anything_else_is_no_item() {
        for bad in [
            "",
            ",",
            "sync-comp:1@0,",
            ",sync-comp:1@0",
            "sync-comp",
            "sync-comp:",
            "sync-comp:1",
            "sync-comp:1@",
            "sync-comp:@0",
            "sync-comp:@",
            "sync-comp:1@0@1",
            "sync-comp:-1@0",
            "sync-comp:+1@0",
            "sync-comp:01@0",
            "sync-comp:1@00",
            "sync-comp: 1@0",
            "sync-comp:1 @0",
            "sync-comp:0x1@0",
            "sync-comp:4294967296@0",
            " sync-comp:1@0",
            "sync:1@0",
            "async:1@0",
            "SYNC-COMP:1@0",
            "sync-comp:1@0;sync-decomp:1@0",
            "sync-comp:1@0, sync-decomp:1@0",
            "sync-comp::1@0",
            "x-comp:1@0",
            ":1@0",
            "sync-comp:\u{661}@0",
        ] {
            assert_eq!(contexts(bad, &COMP), Err(Error::Invalid), "{bad:?}");
        }
    }

    #[test]
    fn a_class_with_one_kind_has_plain_modes() {
        const PLAIN: Kinds = [&["sync:"], &["async:"]];
        let expected = vec![item(Mode::Sync, 0, 2, 0), item(Mode::Async, 0, 2, 0)];
        assert_eq!(contexts("sync:2@0,async:2@0", &PLAIN), Ok(expected));
        assert!(contexts("sync-comp:1@0", &PLAIN).is_err());
    }

    #[test]
    fn threads_are_numbers_on_nodes() {
        assert_eq!(threads("1@0"), Ok(vec![(1, 0)]));
        assert_eq!(threads("2@0,3@1"), Ok(vec![(2, 0), (3, 1)]));
        for bad in ["", "1", "1@", "@1", "1@0,", "a@0", "1@0,2", "1@0 "] {
            assert_eq!(threads(bad), Err(Error::Invalid), "{bad:?}");
        }
    }

    #[test]
    fn a_switch_is_0_or_1() {
        assert_eq!(switch_of("V", "0"), Ok(false));
        assert_eq!(switch_of("V", "1"), Ok(true));
        for bad in ["2", "00", "01", "yes", " 1", "1 ", "-1"] {
            assert_eq!(switch_of("V", bad), Err(Error::Invalid), "{bad:?}");
        }
    }
}
