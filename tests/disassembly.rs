//! What the compiler made of the one store that must not be split, merged or dropped: the doorbell.
//! In the library it is part of larger functions; here it is looked at in a function of its own, in
//! this very program.

mod common;

use common::{has, skip, text};
use std::hint::black_box;
use std::process::Command;
use warpdrive::sys::mmio::store_doorbell;

/// The instructions of the functions of this program whose symbol contains `name`, without
/// addresses and bytes.
fn instructions(name: &str) -> Vec<String> {
    let program = std::env::current_exe().expect("a path");
    let mut objdump = Command::new("objdump");
    objdump.args(["-d", "--no-show-raw-insn"]);
    let listing = text(objdump.arg(program));
    let mut found = Vec::new();
    let mut inside = false;
    for line in listing.lines() {
        if line.ends_with(">:") {
            inside = line.contains(name);
        } else if inside && let Some((_, code)) = line.split_once(":\t") {
            found.push(code.trim().to_owned());
        }
    }
    found
}

/// The instructions that store to memory, as objdump prints them. Arguments that an unoptimised
/// function puts on its stack do not count.
fn stores(code: &[String]) -> Vec<&String> {
    let stores = |line: &&String| {
        let (what, operands) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if cfg!(target_arch = "aarch64") {
            what.starts_with("st") && !operands.contains("[sp")
        } else {
            // AT&T order: the target is the last operand, and is in memory if it has parentheses.
            // Padding looks like it: "cs nopw 0x0(%rax,%rax,1)".
            let reads = ["lea", "jmp", "call", "cmp", "test"];
            operands.trim().ends_with(')')
                && !operands.trim().ends_with("(%rsp)")
                && !operands.trim().ends_with("(%rbp)")
                && !line.contains("nop")
                && !reads.iter().any(|r| what.starts_with(r))
        }
    };
    code.iter().filter(stores).collect()
}

#[test]
fn the_doorbell_is_one_store_of_64_bits() {
    if !has("objdump") {
        return skip("the_doorbell_is_one_store_of_64_bits", "no objdump");
    }
    // So that it is linked.
    black_box(store_doorbell as *const ());
    let code = instructions("store_doorbell");
    assert!(!code.is_empty(), "no function store_doorbell here");
    let stores = stores(&code);
    assert_eq!(stores.len(), 1, "{code:#?}");
    let wide = if cfg!(target_arch = "aarch64") {
        stores[0].starts_with("str") && stores[0].contains("\tx")
    } else {
        stores[0].starts_with("mov") && stores[0].contains("%r")
    };
    assert!(wide, "not 64 bits wide: {}", stores[0]);
}

#[test]
fn a_store_is_told_from_a_load() {
    let code = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
    let (two, none) = if cfg!(target_arch = "aarch64") {
        (
            code(&["str\tw1, [x0]", "str\tw2, [x0, #4]", "ret"]),
            code(&["ldr\tx0, [x1]"]),
        )
    } else {
        (
            code(&["mov    %esi,(%rdi)", "mov    %eax,0x4(%rdi)", "ret"]),
            code(&[
                "mov    (%rdi),%rax",
                "lea    (%rdi),%rax",
                "cs nopw 0x0(%rax,%rax,1)",
            ]),
        )
    };
    assert_eq!(stores(&two).len(), 2);
    assert!(stores(&none).is_empty());
}
