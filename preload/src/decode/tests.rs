//! Against bytes that the GNU assembler (2.40) made of the text beside them.

use super::Also::{Exchange, Move, Nothing};
use super::From::{HighByte, Register, Value};
use super::{Also, From, Store, Unknown, aarch64, x86_64};

type Case = (&'static str, &'static [u8], From, u8, Also);

const X86_64: &[Case] = &[
    (
        "movq %rax,(%rdi)",
        &[0x48, 0x89, 0x07],
        Register(0),
        8,
        Nothing,
    ),
    (
        "movq %r15,0x340(%r12)",
        &[0x4d, 0x89, 0xbc, 0x24, 0x40, 3, 0, 0],
        Register(15),
        8,
        Nothing,
    ),
    (
        "movq %rax,0x1000(%rsp)",
        &[0x48, 0x89, 0x84, 0x24, 0, 0x10, 0, 0],
        Register(0),
        8,
        Nothing,
    ),
    (
        "movq %rcx,(%rdi,%rsi,8)",
        &[0x48, 0x89, 0x0c, 0xf7],
        Register(1),
        8,
        Nothing,
    ),
    (
        "movq %rcx,0x1000(,%rsi,8)",
        &[0x48, 0x89, 0x0c, 0xf5, 0, 0x10, 0, 0],
        Register(1),
        8,
        Nothing,
    ),
    (
        "movq %rbx,0x10(%rbp)",
        &[0x48, 0x89, 0x5d, 0x10],
        Register(3),
        8,
        Nothing,
    ),
    (
        "movq %rbx,0x1234(%rip)",
        &[0x48, 0x89, 0x1d, 0x34, 0x12, 0, 0],
        Register(3),
        8,
        Nothing,
    ),
    (
        "movq %r13,(%r13)",
        &[0x4d, 0x89, 0x6d, 0],
        Register(13),
        8,
        Nothing,
    ),
    ("movl %edx,(%rax)", &[0x89, 0x10], Register(2), 4, Nothing),
    (
        "movw %r9w,0x40(%rax)",
        &[0x66, 0x44, 0x89, 0x48, 0x40],
        Register(9),
        2,
        Nothing,
    ),
    ("movb %cl,(%rax)", &[0x88, 0x08], Register(1), 1, Nothing),
    ("movb %ch,(%rax)", &[0x88, 0x28], HighByte(1), 1, Nothing),
    (
        "movb %sil,(%rax)",
        &[0x40, 0x88, 0x30],
        Register(6),
        1,
        Nothing,
    ),
    (
        "movb %r11b,(%rax)",
        &[0x44, 0x88, 0x18],
        Register(11),
        1,
        Nothing,
    ),
    (
        "movq $-2,(%rax)",
        &[0x48, 0xc7, 0, 0xfe, 0xff, 0xff, 0xff],
        Value(u64::MAX - 1),
        8,
        Nothing,
    ),
    (
        "movl $0x12345678,8(%rax)",
        &[0xc7, 0x40, 8, 0x78, 0x56, 0x34, 0x12],
        Value(0x1234_5678),
        4,
        Nothing,
    ),
    (
        "movw $0x1234,(%rax)",
        &[0x66, 0xc7, 0, 0x34, 0x12],
        Value(0x1234),
        2,
        Nothing,
    ),
    (
        "movb $0x7f,0x1000(%rax)",
        &[0xc6, 0x80, 0, 0x10, 0, 0, 0x7f],
        Value(0x7f),
        1,
        Nothing,
    ),
    (
        "movnti %rdx,(%rax)",
        &[0x48, 0x0f, 0xc3, 0x10],
        Register(2),
        8,
        Nothing,
    ),
    (
        "movnti %r8d,8(%rax)",
        &[0x44, 0x0f, 0xc3, 0x40, 8],
        Register(8),
        4,
        Nothing,
    ),
    (
        "movdiri %rdx,(%rax)",
        &[0x48, 0x0f, 0x38, 0xf9, 0x10],
        Register(2),
        8,
        Nothing,
    ),
    (
        "xchg %rdx,(%rax)",
        &[0x48, 0x87, 0x10],
        Register(2),
        8,
        Exchange,
    ),
    (
        "xchg %r10,0x1000(%r14,%rcx)",
        &[0x4d, 0x87, 0x94, 0x0e, 0, 0x10, 0, 0],
        Register(10),
        8,
        Exchange,
    ),
    (
        "movabs %rax,0x1122334455667788",
        &[0x48, 0xa3, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11],
        Register(0),
        8,
        Nothing,
    ),
    (
        "movq %rax,%fs:0x10",
        &[0x64, 0x48, 0x89, 4, 0x25, 0x10, 0, 0, 0],
        Register(0),
        8,
        Nothing,
    ),
    (
        "movq %rax,(%edi)",
        &[0x67, 0x48, 0x89, 7],
        Register(0),
        8,
        Nothing,
    ),
];

const X86_64_OTHERS: &[(&str, &[u8])] = &[
    ("movq %xmm0,(%rax)", &[0x66, 0x0f, 0xd6, 0]),
    ("movups %xmm0,(%rax)", &[0x0f, 0x11, 0]),
    ("lock orq $0,(%rax)", &[0xf0, 0x48, 0x83, 8, 0]),
    ("addq %rax,(%rdx)", &[0x48, 1, 2]),
    ("movq (%rax),%rdx", &[0x48, 0x8b, 0x10]),
    ("movq %rax,%rdx", &[0x48, 0x89, 0xc2]),
    ("rep stosq", &[0xf3, 0x48, 0xab]),
    ("push (%rax)", &[0xff, 0x30]),
];

/// The bytes are the number of the instruction, lowest first.
const AARCH64: &[(&str, u32, From, u8, Also)] = &[
    ("str x1,[x0]", 0xf900_0001, Register(1), 8, Nothing),
    ("str x1,[x0,#0x340]", 0xf901_a001, Register(1), 8, Nothing),
    ("str w2,[x3,#4]", 0xb900_0462, Register(2), 4, Nothing),
    ("strh w2,[x3]", 0x7900_0062, Register(2), 2, Nothing),
    ("strb w2,[x3,#1]", 0x3900_0462, Register(2), 1, Nothing),
    ("stur x9,[x10,#-8]", 0xf81f_8149, Register(9), 8, Nothing),
    ("str xzr,[x0]", 0xf900_001f, Value(0), 8, Nothing),
    ("str x1,[x0],#8", 0xf800_8401, Register(1), 8, Move(0, 8)),
    (
        "str x1,[x0,#-16]!",
        0xf81f_0c01,
        Register(1),
        8,
        Move(0, -16),
    ),
    (
        "str x1,[sp,#16]!",
        0xf801_0fe1,
        Register(1),
        8,
        Move(31, 16),
    ),
    ("str x30,[x0,x2]", 0xf822_681e, Register(30), 8, Nothing),
    (
        "str x1,[x0,x2,lsl #3]",
        0xf822_7801,
        Register(1),
        8,
        Nothing,
    ),
    ("str w1,[x0,w2,sxtw]", 0xb822_c801, Register(1), 4, Nothing),
    ("stlr x5,[x6]", 0xc89f_fcc5, Register(5), 8, Nothing),
    ("stlr w5,[x6]", 0x889f_fcc5, Register(5), 4, Nothing),
    ("stlrb w5,[x6]", 0x089f_fcc5, Register(5), 1, Nothing),
    ("sttr x5,[x6,#8]", 0xf800_88c5, Register(5), 8, Nothing),
    ("stlur x5,[x6,#-256]", 0xd910_00c5, Register(5), 8, Nothing),
    ("stlurh w5,[x6,#255]", 0x590f_f0c5, Register(5), 2, Nothing),
];

const AARCH64_OTHERS: &[(&str, u32)] = &[
    ("stp x1,x2,[x0]", 0xa900_0801),
    ("str d0,[x0]", 0xfd00_0000),
    ("str q0,[x0]", 0x3d80_0000),
    ("ldr x1,[x0]", 0xf940_0001),
    ("ldrsw x1,[x0]", 0xb980_0001),
    ("stxr w1,x2,[x0]", 0xc801_7c02),
    ("ldar x1,[x0]", 0xc8df_fc01),
    ("prfm pldl1keep,[x0]", 0xf980_0000),
    ("swp x1,x2,[x0]", 0xf821_8002),
    ("stadd x1,[x0]", 0xf821_001f),
    ("cas x1,x2,[x0]", 0xc8a1_7c02),
];

#[test]
fn the_stores_of_x86_64_are_read_to_their_ends() {
    for &(text, code, from, width, also) in X86_64 {
        let len = code.len() as u8;
        let store = Store {
            from,
            width,
            len,
            also,
        };
        let followed = [code, &[0x90; 15]].concat();
        assert_eq!(x86_64::decode(&followed), Ok(store), "{text}");
        for cut in 0..code.len() {
            assert_eq!(
                x86_64::decode(&code[..cut]),
                Err(Unknown::Short),
                "{text} of {cut}"
            );
        }
    }
}

#[test]
fn other_instructions_of_x86_64_are_not_taken_for_stores() {
    for &(text, code) in X86_64_OTHERS {
        let followed = [code, &[0x90; 15]].concat();
        assert_eq!(x86_64::decode(&followed), Err(Unknown::Other), "{text}");
    }
}

#[test]
fn no_bytes_of_x86_64_are_read_beyond_fifteen_or_make_it_panic() {
    // All beginnings of two bytes, with bytes behind them that are prefixes, or not.
    for first in 0..=0xffff_u16 {
        for rest in [0x00, 0x24, 0x48, 0x66, 0xff] {
            let mut code = [rest; 15];
            code[..2].copy_from_slice(&first.to_le_bytes());
            if let Ok(store) = x86_64::decode(&code) {
                assert!((2..=15).contains(&store.len));
                assert!([1, 2, 4, 8].contains(&store.width));
            }
        }
    }
}

#[test]
fn the_stores_of_aarch64_are_known() {
    for &(text, word, from, width, also) in AARCH64 {
        let store = Store {
            from,
            width,
            len: 4,
            also,
        };
        assert_eq!(aarch64::decode(&word.to_le_bytes()), Ok(store), "{text}");
        assert_eq!(
            aarch64::decode(&word.to_le_bytes()[..3]),
            Err(Unknown::Short)
        );
    }
}

#[test]
fn other_instructions_of_aarch64_are_not_taken_for_stores() {
    for &(text, word) in AARCH64_OTHERS {
        assert_eq!(
            aarch64::decode(&word.to_le_bytes()),
            Err(Unknown::Other),
            "{text}"
        );
    }
}

/// What the assembler of this prefix makes of the texts; `None` where there is none.
fn assembled(prefix: &str, options: &[&str], texts: &[&str]) -> Option<Vec<u8>> {
    use std::process::{Command, Stdio};
    let there = Command::new(format!("{prefix}as"))
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !there.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no {prefix}as");
        return None;
    }
    let path = |name: &str| {
        let name = format!("wd-decode-{}-{prefix}{name}", std::process::id());
        std::env::temp_dir().join(name)
    };
    let (source, object, bytes) = (path("s"), path("o"), path("bin"));
    std::fs::write(&source, texts.join("\n") + "\n").expect("writable");
    let run = |command: &mut Command| assert!(command.status().expect("starts").success());
    run(Command::new(format!("{prefix}as"))
        .args(options)
        .arg("-o")
        .arg(&object)
        .arg(&source));
    run(Command::new(format!("{prefix}objcopy"))
        .args(["-O", "binary", "-j", ".text"])
        .args([&object, &bytes]));
    let made = std::fs::read(&bytes).expect("written");
    for file in [source, object, bytes] {
        std::fs::remove_file(file).expect("there");
    }
    Some(made)
}

#[test]
fn the_assembler_of_aarch64_makes_these_words() {
    let stores = AARCH64.iter().map(|case| (case.0, case.1));
    let cases: Vec<_> = stores.chain(AARCH64_OTHERS.iter().copied()).collect();
    // What the later versions of the architecture have.
    let texts: Vec<_> = [".arch armv8.4-a"]
        .into_iter()
        .chain(cases.iter().map(|case| case.0))
        .collect();
    let prefix = if cfg!(target_arch = "aarch64") {
        ""
    } else {
        "aarch64-linux-gnu-"
    };
    if let Some(made) = assembled(prefix, &[], &texts) {
        for ((text, word), bytes) in cases.iter().zip(made.chunks(4)) {
            assert_eq!(bytes, word.to_le_bytes(), "{text}");
        }
        assert_eq!(made.len(), 4 * cases.len());
    }
}

#[test]
fn the_assembler_of_x86_64_makes_these_bytes() {
    let stores = X86_64.iter().map(|case| (case.0, case.1));
    let cases: Vec<_> = stores.chain(X86_64_OTHERS.iter().copied()).collect();
    let texts: Vec<_> = cases.iter().map(|case| case.0).collect();
    let prefix = if cfg!(target_arch = "x86_64") {
        ""
    } else {
        "x86_64-linux-gnu-"
    };
    if let Some(made) = assembled(prefix, &["--64"], &texts) {
        let mut rest = &made[..];
        for (text, code) in cases {
            let (bytes, behind) = rest.split_at(code.len().min(rest.len()));
            assert_eq!(bytes, code, "{text}");
            rest = behind;
        }
        assert!(rest.is_empty());
    }
}
