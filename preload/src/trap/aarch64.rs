//! The registers of an interrupted thread, on AArch64.

#![forbid(unsafe_code)]

use crate::decode::aarch64::ZERO_OR_SP;
pub use crate::decode::aarch64::decode;
use libc::ucontext_t;

/// The registers.
pub struct Machine<'a>(pub &'a mut ucontext_t);

impl Machine<'_> {
    /// The address of the interrupted instruction.
    pub fn program_counter(&self) -> u64 {
        self.0.uc_mcontext.pc
    }

    /// A general register.
    pub fn register(&self, number: u8) -> u64 {
        let registers = &self.0.uc_mcontext.regs;
        registers.get(usize::from(number)).copied().unwrap_or(0)
    }

    /// Sets a general register.
    pub fn set_register(&mut self, number: u8, value: u64) {
        if let Some(register) = self.0.uc_mcontext.regs.get_mut(usize::from(number)) {
            *register = value;
        }
    }

    /// Moves the address in a register, which may be the stack pointer.
    pub fn move_address(&mut self, number: u8, distance: i16) {
        let register = match number {
            ZERO_OR_SP => Some(&mut self.0.uc_mcontext.sp),
            number => self.0.uc_mcontext.regs.get_mut(usize::from(number)),
        };
        if let Some(register) = register {
            *register = register.wrapping_add_signed(distance.into());
        }
    }

    /// Goes on behind an instruction of `len` bytes.
    pub fn step(&mut self, len: u8) {
        self.0.uc_mcontext.pc += u64::from(len);
    }
}
