//! The event of a queue: raised at completions, taken back, and waited for.

use super::Queue;
use crate::error::Result;
use crate::qm::doorbell::Value;
use crate::sim::state::{Life, State};
use crate::sys::{clock, poll};
use core::time::Duration;
use std::os::fd::AsFd;

impl Queue {
    /// Whether the event was raised before `limit` has passed. It is taken back then, unless the
    /// queue is dead.
    pub fn wait(&self, limit: Duration) -> Result<bool> {
        self.present()?;
        let woken = poll::readable(self.event.as_fd(), limit)?;
        let mut state = self.state.lock();
        state.present()?;
        if woken {
            self.take_back(&mut state);
        }
        Ok(woken)
    }

    /// Whether a completion lies in the ring that no doorbell has acknowledged, before `limit` has
    /// passed. As the kernel it does not look whether one can come.
    pub fn wait_for_completion(&self, limit: Option<Duration>) -> Result<bool> {
        let until = limit.map(|limit| clock::now() + limit);
        let mut state = self.state.lock();
        loop {
            state.present()?;
            if state.rings.untaken() {
                return Ok(true);
            }
            let over = match until {
                Some(until) => self.changed.wait_until(&mut state, until),
                None => {
                    self.changed.wait(&mut state);
                    false
                }
            };
            if over {
                return Ok(state.rings.untaken());
            }
        }
    }

    pub(super) fn take_back(&self, state: &mut State) {
        if state.raised && !matches!(state.life, Life::Dead | Life::Gone) {
            self.event.clear();
            state.raised = false;
        }
    }

    pub(super) fn raise(&self) {
        self.event.raise();
        if let Some(line) = &self.client.line {
            line.raise();
        }
    }

    pub(super) fn fire(&self, state: &mut State) {
        state.raised = true;
        self.raise();
        self.device.tally.events.add(1);
    }

    /// The part of a completion doorbell that concerns the event.
    pub(super) fn taken(&self, state: &mut State, value: Value) {
        let taken = state.rings.taken(value.index);
        self.device
            .tally
            .stale_doorbells
            .add(u64::from(taken.stale));
        if taken.all {
            self.take_back(state);
        }
        if value.priority & 1 == 1 {
            state.rings.arm();
            if !taken.all {
                state.rings.disarm();
                self.fire(state);
            }
        }
    }
}
