//! What a pool keeps, gives back and never exceeds.

use bytes::BufMut;
use minato_bytes_util::Pool;

#[test]
fn a_dropped_buffer_is_the_next_one_given() {
    let pool = Pool::new();
    let mut buf = pool.get(5000);
    assert_eq!(buf.capacity(), 8192);
    buf.put_slice(b"left over");
    let memory = buf.as_ptr();
    drop(buf);
    let again = pool.get(8192);
    assert_eq!(again.as_ptr(), memory);
    assert!(again.is_empty());
    assert_eq!((pool.stats().hits, pool.stats().misses), (1, 1));
}

#[test]
fn frozen_memory_returns_when_the_last_clone_goes() {
    let pool = Pool::new();
    let mut buf = pool.get(4096);
    buf.put_bytes(1, 1000);
    let frozen = buf.freeze();
    let part = frozen.slice(10..20);
    drop(frozen);
    assert_eq!(pool.stats().idle_bytes, 0);
    drop(part);
    assert_eq!(pool.stats().idle_bytes, 4096);
}

#[test]
fn a_few_frozen_bytes_do_not_pin_the_buffer() {
    let pool = Pool::new();
    let mut buf = pool.get(4096);
    buf.put_slice(b"short");
    let frozen = buf.freeze();
    assert_eq!(frozen, "short");
    assert_eq!(pool.stats().idle_bytes, 4096);
}

#[test]
fn idle_memory_stays_within_the_bound() {
    let pool = Pool::with_idle_bytes_max(10 * 1024);
    let bufs: Vec<_> = (0..8).map(|_| pool.get(4096)).collect();
    drop(bufs);
    assert_eq!(pool.stats().idle_bytes, 8192);
    assert_eq!(pool.stats().discards, 6);
    pool.trim();
    assert_eq!(pool.stats().idle_bytes, 0);
}

#[test]
fn the_default_bound_holds() {
    let pool = Pool::new();
    let bufs: Vec<_> = (0..12).map(|_| pool.get(1 << 20)).collect();
    drop(bufs);
    assert_eq!(pool.stats().idle_bytes, 8 << 20);
}

#[test]
fn buffers_above_the_largest_class_are_not_kept() {
    let pool = Pool::new();
    drop(pool.get((1 << 20) + 1));
    assert_eq!(pool.stats().idle_bytes, 0);
    assert_eq!(pool.stats().discards, 1);
}

#[test]
fn a_buffer_that_grew_serves_the_class_it_now_fills() {
    let pool = Pool::new();
    let mut buf = pool.get(512);
    buf.resize(3000, 0);
    let capacity = buf.capacity();
    drop(buf);
    assert_eq!(pool.stats().idle_bytes, capacity);
    let served = pool.get(2048);
    assert_eq!(pool.stats().hits, 1);
    assert!(served.capacity() >= 2048);
}

#[test]
fn threads_racing_for_the_bound_do_not_pass_it() {
    let pool = Pool::with_idle_bytes_max(64 * 1024);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..2000 {
                    let bufs: Vec<_> = (0..8).map(|class| pool.get(512 << ((class + round) % 6))).collect();
                    drop(bufs);
                }
            });
        }
    });
    let idle_bytes = pool.stats().idle_bytes;
    assert!(idle_bytes <= 64 * 1024, "{idle_bytes}");
    pool.trim();
    assert_eq!(pool.stats().idle_bytes, 0);
}
