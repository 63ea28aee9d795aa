//! Whole connections, of noise: short here, and as long as wanted by command.
//!
//! `MINATO_FUZZ_ROUNDS=1000000 cargo test --release -p minato-http --test fuzz` goes on for that many rounds per target;
//! `MINATO_FUZZ_SEED` begins elsewhere. A failure tells the seed of its round, which fails again as the first.
//!
//! Every connection is played as a whole, byte by byte, and in steps at random: the outcome must be the same. Of HTTP/1 it
//! must be, too, what the oracle says: a second reading of the rules that is slow and plain. Of HTTP/2 every frame is
//! answered as a model of the streams allows, of the same kind.

#[path = "../it/frame_kit.rs"]
#[allow(dead_code, reason = "shared with the tests of `it`, which use more of it")]
mod frame_kit;
mod http1;
mod http2;
#[path = "../it/kit.rs"]
#[allow(dead_code, reason = "shared with the tests of `it`, which use more of it")]
mod kit;
mod modelled;
mod noise;
mod oracle;
mod stream_model;
mod target;
