//! The program of `benches/small/minato`, on tokio.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::{spawn, time};

fn main() -> std::io::Result<()> {
    Builder::new_current_thread().enable_time().build()?.block_on(async {
        let task = spawn(async {
            time::sleep(Duration::from_millis(1)).await;
            7
        });
        assert_eq!(task.await.ok(), Some(7));
    });
    Ok(())
}
