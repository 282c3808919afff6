//! The registers of an interrupted thread, on x86-64.

#![forbid(unsafe_code)]

pub use crate::decode::x86_64::decode;
use libc::ucontext_t;

/// Where the kernel keeps the registers, in the order of their numbers in instructions.
const PLACES: [i32; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

/// The registers.
pub struct Machine<'a>(pub &'a mut ucontext_t);

impl Machine<'_> {
    fn place(&mut self, place: i32) -> &mut i64 {
        &mut self.0.uc_mcontext.gregs[place as usize]
    }

    /// The address of the interrupted instruction.
    pub fn program_counter(&self) -> u64 {
        self.0.uc_mcontext.gregs[libc::REG_RIP as usize] as u64
    }

    /// A general register.
    pub fn register(&self, number: u8) -> u64 {
        let place = PLACES[usize::from(number & 15)];
        self.0.uc_mcontext.gregs[place as usize] as u64
    }

    /// Sets a general register.
    pub fn set_register(&mut self, number: u8, value: u64) {
        *self.place(PLACES[usize::from(number & 15)]) = value as i64;
    }

    /// No store of this machine moves its address.
    pub fn move_address(&mut self, _number: u8, _distance: i16) {}

    /// Goes on behind an instruction of `len` bytes.
    pub fn step(&mut self, len: u8) {
        *self.place(libc::REG_RIP) += i64::from(len);
    }
}
