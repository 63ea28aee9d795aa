//! The buffer a reader fills, which may be uninitialised memory.
//!
//! # Safety
//!
//! 1. `filled <= initialized <= buf.len()`, always.
//! 2. The first `initialized` bytes of `buf` hold initialised values, and no method un-initialises them.
//! 3. `MaybeUninit<u8>` and `u8` have the same layout, so a slice of one whose bytes are initialised may be viewed
//!    as a slice of the other.

use std::fmt;
use std::mem::MaybeUninit;

/// A borrowed byte buffer that remembers which part is filled and which part is merely initialised.
///
/// ```text
/// [             capacity              ]
/// [ filled |         unfilled         ]
/// [    initialized    | uninitialized ]
/// ```
///
/// A reader writes into the unfilled part and advances the filled cursor over what it wrote. Keeping the second
/// mark apart lets a reader that needs initialised memory zero a buffer once and not at every call.
///
/// # Examples
///
/// ```
/// use std::mem::MaybeUninit;
/// use minato_runtime::io::ReadBuf;
///
/// let mut memory = [MaybeUninit::uninit(); 16];
/// let mut buf = ReadBuf::uninit(&mut memory);
/// buf.put_slice(b"hello");
/// assert_eq!(buf.filled(), b"hello");
/// assert_eq!(buf.remaining(), 11);
/// ```
pub struct ReadBuf<'a> {
    buf: &'a mut [MaybeUninit<u8>],
    filled: usize,
    initialized: usize,
}

impl<'a> ReadBuf<'a> {
    /// Wraps initialised memory, none of it filled.
    #[inline]
    pub fn new(buf: &'a mut [u8]) -> Self {
        let initialized = buf.len();
        let pointer: *mut [u8] = buf;
        // SAFETY: same memory, same lifetime, same layout (invariant 3). The view would allow safe code that holds it
        // to de-initialise bytes; it is private, and only the unsafe methods lend it (invariant 2).
        let buf = unsafe { &mut *(pointer as *mut [MaybeUninit<u8>]) };
        Self { buf, filled: 0, initialized }
    }

    /// Wraps memory that may be uninitialised.
    #[inline]
    pub fn uninit(buf: &'a mut [MaybeUninit<u8>]) -> Self {
        Self { buf, filled: 0, initialized: 0 }
    }

    /// How many bytes the buffer can hold in all.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// How many bytes are not filled yet.
    #[inline]
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.buf.len() - self.filled
    }

    /// The filled part.
    #[inline]
    #[must_use]
    pub fn filled(&self) -> &[u8] {
        // SAFETY: invariants 1 and 2: the filled part is in bounds and initialised.
        unsafe { assume_init_ref(self.buf.get_unchecked(..self.filled)) }
    }

    /// The filled part, to be changed in place.
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: invariants 1 and 2, as in `filled`.
        unsafe { assume_init_mut(self.buf.get_unchecked_mut(..self.filled)) }
    }

    /// The initialised part, which includes the filled one.
    #[inline]
    #[must_use]
    pub fn initialized(&self) -> &[u8] {
        // SAFETY: invariants 1 and 2.
        unsafe { assume_init_ref(self.buf.get_unchecked(..self.initialized)) }
    }

    /// The initialised part, which includes the filled one, to be changed in place.
    #[inline]
    pub fn initialized_mut(&mut self) -> &mut [u8] {
        // SAFETY: invariants 1 and 2.
        unsafe { assume_init_mut(self.buf.get_unchecked_mut(..self.initialized)) }
    }

    /// The whole buffer, whatever its state.
    ///
    /// # Safety
    ///
    /// The caller must not de-initialise bytes of the initialised part.
    #[inline]
    pub unsafe fn inner_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        self.buf
    }

    /// The unfilled part, without initialising it.
    ///
    /// After writing `n` bytes at its start, call [`assume_init`](Self::assume_init) and
    /// [`advance`](Self::advance) with `n`.
    ///
    /// # Safety
    ///
    /// The caller must not de-initialise bytes of the initialised part.
    #[inline]
    pub unsafe fn unfilled_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: `filled <= buf.len()` (invariant 1).
        unsafe { self.buf.get_unchecked_mut(self.filled..) }
    }

    /// The unfilled part, zeroing what was not initialised.
    #[inline]
    pub fn initialize_unfilled(&mut self) -> &mut [u8] {
        self.initialize_unfilled_to(self.remaining())
    }

    /// The first `n` bytes of the unfilled part, zeroing what was not initialised.
    ///
    /// # Panics
    ///
    /// If fewer than `n` bytes remain.
    #[inline]
    #[track_caller]
    pub fn initialize_unfilled_to(&mut self, n: usize) -> &mut [u8] {
        assert!(self.remaining() >= n, "n overflows remaining");
        let end = self.filled + n;
        if self.initialized < end {
            // SAFETY: `initialized < end <= buf.len()` by the assertion above.
            unsafe { self.buf.get_unchecked_mut(self.initialized..end) }.fill(MaybeUninit::new(0));
            self.initialized = end;
        }
        // SAFETY: `filled <= end <= initialized <= buf.len()`; invariant 2.
        unsafe { assume_init_mut(self.buf.get_unchecked_mut(self.filled..end)) }
    }

    /// A buffer over the first `n` bytes of the unfilled part, or over all of it if fewer remain.
    ///
    /// What is filled in the returned buffer does not count as filled here: call
    /// [`assume_init`](Self::assume_init) and [`advance`](Self::advance) afterwards.
    #[inline]
    pub fn take(&mut self, n: usize) -> ReadBuf<'_> {
        let limit = n.min(self.remaining());
        let initialized = (self.initialized - self.filled).min(limit);
        // SAFETY: in bounds by the line above; the new buffer keeps invariant 2 for the bytes known to be initialised.
        let buf = unsafe { self.buf.get_unchecked_mut(self.filled..self.filled + limit) };
        ReadBuf { buf, filled: 0, initialized }
    }

    /// Lends `read` a buffer over the first `limit` bytes of the unfilled part, and takes over what it did there.
    ///
    /// # Panics
    ///
    /// If `read` puts another buffer in the place of the lent one.
    pub(crate) fn with_limit<R>(&mut self, limit: usize, read: impl FnOnce(&mut ReadBuf<'_>) -> R) -> R {
        let mut lent = self.take(limit);
        let start = lent.buf.as_ptr();
        let result = read(&mut lent);
        assert_eq!(lent.buf.as_ptr(), start, "the reader replaced the buffer it was lent");
        let (filled, initialized) = (lent.filled, lent.initialized);
        // SAFETY: the lent buffer covers the start of the unfilled part, and says what of it is initialised
        // (invariant 2 of the lent buffer).
        unsafe { self.assume_init(initialized) };
        self.advance(filled);
        result
    }

    /// Forgets what is filled; the initialised part stays initialised.
    #[inline]
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Extends the filled part by `n` initialised bytes.
    ///
    /// # Panics
    ///
    /// If the filled part would become larger than the initialised one.
    #[inline]
    #[track_caller]
    pub fn advance(&mut self, n: usize) {
        self.set_filled(self.filled.checked_add(n).expect("filled overflow"));
    }

    /// Sets how many bytes are filled; this may also shrink the filled part.
    ///
    /// # Panics
    ///
    /// If the filled part would become larger than the initialised one.
    #[inline]
    #[track_caller]
    pub fn set_filled(&mut self, n: usize) {
        assert!(n <= self.initialized, "filled must not become larger than initialized");
        self.filled = n;
    }

    /// States that the first `n` bytes of the unfilled part are initialised.
    ///
    /// # Panics
    ///
    /// If fewer than `n` bytes remain.
    ///
    /// # Safety
    ///
    /// Those bytes must have been written.
    #[inline]
    #[track_caller]
    pub unsafe fn assume_init(&mut self, n: usize) {
        let end = self.filled.checked_add(n).expect("initialized overflow");
        assert!(end <= self.buf.len(), "initialized must not become larger than the buffer");
        self.initialized = self.initialized.max(end);
    }

    /// Appends bytes and advances over them.
    ///
    /// # Panics
    ///
    /// If fewer bytes remain than `bytes` has.
    #[inline]
    #[track_caller]
    pub fn put_slice(&mut self, bytes: &[u8]) {
        assert!(self.remaining() >= bytes.len(), "bytes.len() must fit in remaining()");
        let end = self.filled + bytes.len();
        // SAFETY: in bounds by the assertion; the two slices cannot overlap because one is borrowed mutably. The copy
        // initialises exactly `filled..end`, which keeps invariants 1 and 2.
        unsafe {
            let unfilled = self.buf.as_mut_ptr().add(self.filled).cast::<u8>();
            unfilled.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.initialized = self.initialized.max(end);
        self.filled = end;
    }
}

impl fmt::Debug for ReadBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuf")
            .field("filled", &self.filled)
            .field("initialized", &self.initialized)
            .field("capacity", &self.capacity())
            .finish()
    }
}

/// # Safety
///
/// Every byte of `bytes` must be initialised.
#[inline]
unsafe fn assume_init_ref(bytes: &[MaybeUninit<u8>]) -> &[u8] {
    let pointer: *const [MaybeUninit<u8>] = bytes;
    // SAFETY: same memory and lifetime; initialised by the caller's word; invariant 3.
    unsafe { &*(pointer as *const [u8]) }
}

/// # Safety
///
/// Every byte of `bytes` must be initialised.
#[inline]
unsafe fn assume_init_mut(bytes: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    let pointer: *mut [MaybeUninit<u8>] = bytes;
    // SAFETY: same memory and lifetime; initialised by the caller's word; invariant 3.
    unsafe { &mut *(pointer as *mut [u8]) }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn zeroing_happens_once() {
        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        buf.initialize_unfilled_to(4).copy_from_slice(b"abcd");
        assert_eq!(buf.initialize_unfilled(), b"abcd\0\0\0\0");
        buf.advance(2);
        assert_eq!(buf.initialize_unfilled_to(3), b"cd\0");
        assert_eq!(buf.filled(), b"ab");
    }

    #[test]
    fn clear_keeps_the_initialised_part() {
        let mut memory = *b"abcdef";
        let mut buf = ReadBuf::new(&mut memory);
        buf.advance(3);
        buf.clear();
        assert!(buf.filled().is_empty());
        assert_eq!(buf.initialized(), b"abcdef");
        assert_eq!(buf.remaining(), 6);
    }

    #[test]
    fn take_knows_what_is_initialised() {
        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        buf.put_slice(b"xy");
        let _ = buf.initialize_unfilled_to(3);
        assert_eq!(buf.take(2).initialized().len(), 2);
        assert_eq!(buf.take(100).initialized().len(), 3);
        assert_eq!(buf.take(100).capacity(), 6);
    }

    #[test]
    fn what_happens_in_a_lent_buffer_counts() {
        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        buf.put_slice(b"x");
        buf.with_limit(4, |lent| {
            assert_eq!(lent.capacity(), 4);
            lent.put_slice(b"ab");
            let _ = lent.initialize_unfilled();
        });
        assert_eq!(buf.filled(), b"xab");
        assert_eq!(buf.initialized(), b"xab\0\0");
    }

    #[test]
    #[should_panic(expected = "replaced the buffer")]
    fn a_lent_buffer_cannot_be_replaced() {
        ReadBuf::new(&mut [0; 4]).with_limit(2, |lent| *lent = ReadBuf::new(&mut []));
    }

    #[test]
    fn assume_init_then_advance_publishes_raw_writes() {
        let mut memory = [MaybeUninit::uninit(); 4];
        let mut buf = ReadBuf::uninit(&mut memory);
        // SAFETY: only writes; the two bytes written are the two declared.
        unsafe {
            buf.unfilled_mut()[0].write(7);
            buf.unfilled_mut()[1].write(9);
            buf.assume_init(2);
        }
        buf.advance(2);
        assert_eq!(buf.filled(), [7, 9]);
    }

    #[test]
    #[should_panic(expected = "filled must not become larger than initialized")]
    fn advancing_over_uninitialised_bytes_panics() {
        let mut memory = [MaybeUninit::uninit(); 4];
        ReadBuf::uninit(&mut memory).advance(1);
    }

    #[test]
    #[should_panic(expected = "must fit in remaining")]
    fn overfilling_panics() {
        ReadBuf::new(&mut [0; 2]).put_slice(b"abc");
    }
}
