//! Random numbers that follow from a seed and from what they are for.
//!
//! A number belongs to a name, such as the work of the third attempt of request 17, and not to a place in a sequence: so
//! what one side of a comparison draws does not depend on how often the other side has drawn.

use std::time::Duration;

/// Where the random numbers of a scenario come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw {
    seed: u64,
}

impl Draw {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A source of its own for `purpose`.
    pub(crate) const fn purpose(self, purpose: u64) -> Self {
        Self { seed: mix(self.seed ^ mix(purpose)) }
    }

    /// A fraction in (0, 1] that belongs to `index`.
    pub(crate) fn fraction(self, index: u64) -> f64 {
        ((mix(self.seed ^ mix(index)) >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// A duration with an exponential distribution around `mean`.
    pub(crate) fn exponential(self, index: u64, mean: Duration) -> Duration {
        mean.mul_f64(-ln(self.fraction(index)))
    }
}

/// Splitmix64.
const fn mix(word: u64) -> u64 {
    let mut word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// The natural logarithm of a fraction in (0, 1], by operations that give the same bits on every machine.
fn ln(fraction: f64) -> f64 {
    let exponent = (fraction.to_bits() >> 52) as i32 - 1023;
    let mantissa = f64::from_bits(fraction.to_bits() & !(0x7FF << 52) | 1023 << 52);
    // The series of the inverse hyperbolic tangent; its argument is at most a third.
    let step = (mantissa - 1.0) / (mantissa + 1.0);
    let square = step * step;
    let series = (0..18).rev().fold(0.0, |sum, index| sum * square + 1.0 / f64::from(2 * index + 1));
    f64::from(exponent) * std::f64::consts::LN_2 + 2.0 * step * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_that_of_the_library() {
        for index in 0..1000 {
            let fraction = Draw::new(1).fraction(index);
            assert!((ln(fraction) - fraction.ln()).abs() < 1e-12, "{fraction}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn exponential_draws_have_their_mean() {
        let mean = Duration::from_millis(40);
        let total: Duration = (0..10_000).map(|index| Draw::new(2).exponential(index, mean)).sum();
        assert!((0.97..1.03).contains(&(total / 10_000).div_duration_f64(mean)), "{total:?}");
    }
}
