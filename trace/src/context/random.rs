//! Random bits for identifiers: fast and spread well, not secret.
//!
//! One xoshiro256++ generator per thread (Blackman and Vigna, 2018), seeded from the keys the standard library draws
//! for its hash maps.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

thread_local! {
    static GENERATOR: Cell<[u64; 4]> = {
        let keys = RandomState::new();
        Cell::new([0_u64, 1, 2, 3].map(|word| keys.hash_one(word)))
    };
}

/// The next 64 bits of this thread.
pub(super) fn next() -> u64 {
    GENERATOR.with(|generator| {
        let [mut a, mut b, mut c, mut d] = generator.get();
        let bits = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = d.rotate_left(45);
        generator.set([a, b, c, d]);
        bits
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::next;

    #[test]
    fn threads_draw_different_bits() {
        let draw = || (0..1000).map(|_| next()).collect::<Vec<_>>();
        let mut seen: HashSet<u64> = draw().into_iter().collect();
        for thread in [std::thread::spawn(draw), std::thread::spawn(draw)] {
            seen.extend(thread.join().unwrap());
        }
        assert_eq!(seen.len(), 3000);
    }
}
