//! What the tests share: numbers by chance, and how often.

#![allow(dead_code, reason = "each test uses a part")]

/// A small deterministic generator (xorshift64*), so that a failure is a seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number up to and including `max`.
    pub(crate) fn up_to(&mut self, max: usize) -> usize {
        (self.next() % (max as u64 + 1)) as usize
    }

    /// Bytes of which most are those of `likely`.
    pub(crate) fn bytes(&mut self, len: usize, likely: &[u8]) -> Vec<u8> {
        (0..len)
            .map(|_| match self.up_to(9) {
                0 => self.next() as u8,
                _ => likely[self.up_to(likely.len() - 1)],
            })
            .collect()
    }

    /// `whole` in pieces, of which some are empty.
    pub(crate) fn pieces<'a>(&mut self, mut whole: &'a [u8]) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        let longest = [1, 3, 40][self.up_to(2)];
        while !whole.is_empty() {
            let (piece, rest) = whole.split_at(self.up_to(longest.min(whole.len())));
            pieces.push(piece);
            whole = rest;
        }
        pieces
    }
}

/// Seeds to try: `usual`, or what `MINATO_FUZZ_ROUNDS` says. For an hour of fuzzing:
/// `MINATO_FUZZ_ROUNDS=100000000 timeout 3600 cargo test --release -p minato-bytes-util --test codecs`.
pub(crate) fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let rounds = std::env::var("MINATO_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    1..=rounds.unwrap_or(usual)
}
