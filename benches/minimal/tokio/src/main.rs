//! A task and a timer on a current-thread runtime.

use std::time::Duration;

use tokio::runtime::Builder;

fn main() {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let task = tokio::spawn(tokio::time::sleep(Duration::from_millis(1)));
        task.await.expect("the task does not panic");
    });
}
