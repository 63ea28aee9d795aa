//! What a pool keeps, gives back and never exceeds.

use bytes::BufMut;
use minato_bytes_util::Pool;

mod kit;

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
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let pool = pool.clone();
            std::thread::spawn(move || {
                for round in 0..2000 {
                    let bufs: Vec<_> = (0..8).map(|class| pool.get(512 << ((class + round) % 6))).collect();
                    drop(bufs);
                }
            })
        })
        .collect();
    for _ in 0..1000 {
        assert!(pool.stats().idle_bytes <= 2 * 64 * 1024);
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let idle_bytes = pool.stats().idle_bytes;
    assert!(idle_bytes <= 64 * 1024, "{idle_bytes}");
    assert_eq!(pool.stats().hits + pool.stats().misses, 4 * 2000 * 8);
    pool.trim();
    assert_eq!(pool.stats().idle_bytes, 0);
}

#[test]
fn what_a_thread_kept_is_free_for_others_when_it_has_ended() {
    let pool = Pool::with_idle_bytes_max(8192);
    let theirs = pool.clone();
    std::thread::spawn(move || {
        drop((theirs.get(4096), theirs.get(4096)));
        assert_eq!(theirs.stats().idle_bytes, 8192);
    })
    .join()
    .unwrap();
    assert_eq!(pool.stats().idle_bytes, 0);
    drop((pool.get(4096), pool.get(4096)));
    assert_eq!(pool.stats().idle_bytes, 8192);
}

#[test]
fn a_thread_keeps_a_bounded_part_and_shares_the_rest() {
    let pool = Pool::new();
    let bufs: Vec<_> = (0..16).map(|_| pool.get(32 * 1024)).collect();
    drop(bufs);
    assert_eq!(pool.stats().idle_bytes, 512 * 1024);
    let theirs = pool.clone();
    let served = std::thread::spawn(move || {
        let _bufs: Vec<_> = (0..16).map(|_| theirs.get(32 * 1024)).collect();
        theirs.stats().hits
    });
    assert_eq!(served.join().unwrap(), 8, "half of it was shared");
}

#[test]
fn another_thread_obeys_a_trim_when_it_next_uses_the_pool() {
    let pool = Pool::new();
    let (to_them, orders) = std::sync::mpsc::channel::<()>();
    let (report, reports) = std::sync::mpsc::channel::<()>();
    let theirs = pool.clone();
    let thread = std::thread::spawn(move || {
        drop(theirs.get(4096));
        report.send(()).unwrap();
        orders.recv().unwrap();
        drop(theirs.get(512));
        report.send(()).unwrap();
        orders.recv().unwrap();
    });
    reports.recv().unwrap();
    pool.trim();
    assert_eq!(pool.stats().idle_bytes, 4096);
    to_them.send(()).unwrap();
    reports.recv().unwrap();
    assert_eq!(pool.stats().idle_bytes, 512);
    to_them.send(()).unwrap();
    thread.join().unwrap();
}

#[test]
fn pools_beyond_those_a_thread_keeps_memory_of_still_keep_it_shared() {
    let pools: Vec<_> = (0..12).map(|_| Pool::new()).collect();
    for pool in pools.iter().chain(&pools) {
        drop(pool.get(4096));
    }
    assert!(pools.iter().all(|pool| pool.stats().hits == 1 && pool.stats().idle_bytes == 4096));
}

/// Against a model that only knows the bound.
#[test]
fn any_sequence_of_operations_keeps_the_bound_and_the_counts() {
    for seed in kit::seeds(200) {
        let mut random = kit::Random(seed);
        let bound = random.up_to(300_000);
        let pool = Pool::with_idle_bytes_max(bound);
        let (mut held, mut frozen, mut gets) = (Vec::new(), Vec::new(), 0);
        for _ in 0..200 {
            match random.up_to(5) {
                0 | 1 => {
                    let power = random.up_to(17);
                    let capacity = random.up_to(1 << power);
                    let buf = pool.get(capacity);
                    assert!(buf.is_empty() && buf.capacity() >= capacity, "seed {seed}");
                    held.push(buf);
                    gets += 1;
                }
                2 | 3 if !held.is_empty() => drop(held.swap_remove(random.up_to(held.len() - 1))),
                4 if !held.is_empty() => {
                    let mut buf = held.swap_remove(random.up_to(held.len() - 1));
                    buf.put_bytes(1, random.up_to(2000));
                    frozen.push(buf.freeze());
                }
                5 => {
                    frozen.pop();
                    if random.up_to(9) == 0 {
                        pool.trim();
                        assert_eq!(pool.stats().idle_bytes, 0, "seed {seed}");
                    }
                }
                _ => {}
            }
            let stats = pool.stats();
            assert!(stats.idle_bytes <= bound, "seed {seed}: {stats:?}");
            assert_eq!(stats.hits + stats.misses, gets, "seed {seed}");
        }
    }
}

#[test]
fn aligned_buffers_begin_where_they_must_and_come_home() {
    let pool = Pool::new();
    for alignment in [1, 2, 64, 512, 4096, 65_536] {
        let mut buf = pool.get_aligned(3000, alignment);
        assert!(buf.spare_mut().as_ptr().addr().is_multiple_of(alignment));
        assert_eq!((buf.len(), buf.capacity(), buf.spare_mut().len()), (0, 3000, 3000));
        buf.spare_mut()[..1000].fill(3);
        buf.commit(1000);
        buf[0] = 4;
        assert_eq!(buf.spare_mut().len(), 2000);
        let frozen = buf.freeze();
        assert!(frozen.as_ptr().addr().is_multiple_of(alignment));
        assert_eq!((frozen.len(), frozen[0], frozen[999]), (1000, 4, 3));
        let idle = pool.stats().idle_bytes;
        drop(frozen);
        assert!(pool.stats().idle_bytes > idle);
        pool.trim();
    }
}

#[test]
fn memory_that_was_aligned_is_not_zeroed_again_and_others_get_it_empty() {
    let pool = Pool::new();
    let mut buf = pool.get_aligned(4096, 4096);
    buf.spare_mut().fill(9);
    drop(buf);
    assert_eq!(pool.get_aligned(4096, 4096).spare_mut(), [9; 4096]);
    assert_eq!(pool.get(8000).len(), 0);
    assert_eq!((pool.stats().hits, pool.stats().misses), (2, 1));
}

#[test]
#[should_panic(expected = "an alignment is a power of two, and 48 is not")]
fn an_alignment_that_is_none_is_refused() {
    drop(Pool::new().get_aligned(100, 48));
}

/// The kernel takes no other memory for such a file, where the file system has them.
#[allow(clippy::print_stdout, reason = "says why it was skipped")]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn aligned_buffers_read_and_write_past_the_page_cache() {
    use std::io::{Read, Seek, Write};
    use std::os::unix::fs::OpenOptionsExt;

    const O_DIRECT: i32 = 0o40000;
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("aligned");
    let options = std::fs::File::options()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .custom_flags(O_DIRECT)
        .open(&path);
    let Ok(mut file) = options else {
        println!("skipped: the file system does not know O_DIRECT");
        return;
    };
    let pool = Pool::new();
    let mut buf = pool.get_aligned(8192, 4096);
    buf.spare_mut().fill(5);
    buf.commit(8192);
    file.write_all(&buf).unwrap();
    file.rewind().unwrap();
    let mut back = pool.get_aligned(8192, 4096);
    let read = file.read(back.spare_mut()).unwrap();
    back.commit(read);
    assert_eq!(back[..], buf[..]);
    std::fs::remove_file(path).unwrap();
}
