//! A task and a timer on a current-thread runtime: what `benches/small/measure.sh` measures.

use std::time::Duration;

use minato_runtime::runtime::Builder;
use minato_runtime::{spawn, time};

fn main() -> std::io::Result<()> {
    Builder::new_current_thread().build()?.block_on(async {
        let task = spawn(async {
            time::sleep(Duration::from_millis(1)).await;
            7
        });
        assert_eq!(task.await.ok(), Some(7));
    });
    Ok(())
}
