//! All cells of one worker, at stable addresses.
//!
//! Pages double in size and are never freed before the driver is, so the driver finds a cell by index without a
//! lock while other threads take and return cells.

use std::sync::OnceLock;

use super::cell::IoCell;
use super::ready::Ready;
use crate::shim::Mutex;

/// Cells on the first page.
const FIRST_PAGE: usize = 32;
/// Pages; the last would end beyond what a token can name.
const PAGES: usize = 24;

#[derive(Debug)]
pub(crate) struct Cells {
    pages: [OnceLock<Box<[IoCell]>>; PAGES],
    free: Mutex<Free>,
}

#[derive(Debug, Default)]
struct Free {
    returned: Vec<u32>,
    never_used: u32,
    live: u32,
    /// Cells taken so far.
    taken: u64,
}

/// The address of a cell at one time of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(super) index: u32,
    generation: u32,
}

impl Token {
    pub(super) fn to_mio(self) -> mio::Token {
        mio::Token(self.index as usize | (self.generation as usize) << 32)
    }

    #[expect(clippy::cast_possible_truncation, reason = "takes the two halves apart")]
    fn from_mio(token: mio::Token) -> Self {
        Self { index: token.0 as u32, generation: (token.0 >> 32) as u32 }
    }
}

impl Cells {
    pub(super) fn new() -> Self {
        Self { pages: [const { OnceLock::new() }; PAGES], free: Mutex::new(Free::default()) }
    }

    /// Takes a cell for one descriptor; nothing when every token is in use.
    pub(super) fn take(&self) -> Option<Token> {
        let mut free = self.free.lock();
        let index = match free.returned.pop() {
            Some(index) => index,
            None => {
                let index = free.never_used;
                let (page, _) = place(index)?;
                self.pages[page].get_or_init(|| (0..FIRST_PAGE << page).map(|_| IoCell::new()).collect());
                free.never_used += 1;
                index
            }
        };
        free.live += 1;
        free.taken += 1;
        drop(free);
        let generation = self.get(index)?.generation();
        Some(Token { index, generation })
    }

    /// Returns a cell; events that still name it are ignored from now on.
    pub(super) fn give_back(&self, token: Token) {
        if let Some(cell) = self.get(token.index) {
            cell.renew();
        }
        let mut free = self.free.lock();
        free.live -= 1;
        free.returned.push(token.index);
    }

    /// Descriptors registered now.
    pub(crate) fn live(&self) -> usize {
        self.free.lock().live as usize
    }

    /// Descriptors registered so far, and those that have left again.
    pub(super) fn totals(&self) -> (u64, u64) {
        let free = self.free.lock();
        (free.taken, free.taken - u64::from(free.live))
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&IoCell> {
        let (page, offset) = place(index)?;
        self.pages[page].get()?.get(offset)
    }

    /// Spreads one event of the kernel.
    pub(super) fn dispatch(&self, event: &mio::event::Event, wake: &mut impl FnMut(std::task::Waker)) {
        let token = Token::from_mio(event.token());
        if let Some(cell) = self.get(token.index) {
            cell.set_ready(token.generation, Ready::of(event), wake);
        }
    }

    /// Fails all operations on all cells.
    pub(super) fn shut_down(&self, wake: &mut impl FnMut(std::task::Waker)) {
        for page in self.pages.iter().map_while(OnceLock::get) {
            page.iter().for_each(|cell| cell.shut_down(wake));
        }
    }
}

/// Page and offset of a cell.
fn place(index: u32) -> Option<(usize, usize)> {
    let shifted = index as usize + FIRST_PAGE;
    let page = (shifted / FIRST_PAGE).ilog2() as usize;
    (page < PAGES).then(|| (page, shifted - (FIRST_PAGE << page)))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn places_follow_each_other_without_gaps() {
        let mut expected = (0, 0);
        for index in 0..10_000 {
            assert_eq!(place(index), Some(expected));
            expected.1 += 1;
            if expected.1 == FIRST_PAGE << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert_eq!(place(u32::MAX), None);
    }

    #[test]
    fn a_returned_cell_comes_back_with_another_generation() {
        let cells = Cells::new();
        let first = cells.take().unwrap();
        cells.give_back(first);
        let second = cells.take().unwrap();
        assert_eq!(first.index, second.index);
        assert_ne!(first, second);
        assert_eq!(cells.live(), 1);
    }
}
