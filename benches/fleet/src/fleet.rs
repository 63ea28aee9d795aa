//! Machines behind one balanced service.

use std::sync::Arc;

use minato_service::ServiceExt;
use minato_service::balance::{Balance, Ejection, Endpoints, Load, Picker};

use crate::draw::Draw;
use crate::job::Job;
use crate::machine::{Calls, Machine};

/// Several machines.
pub(crate) struct Fleet {
    pub(crate) machines: Vec<Arc<Machine>>,
}

impl Fleet {
    pub(crate) fn new(machines: impl IntoIterator<Item = Machine>) -> Self {
        Self { machines: machines.into_iter().map(Arc::new).collect() }
    }

    /// The machines as one service.
    pub(crate) fn balanced<P>(&self, draw: Draw, load: Load, picker: P, ejection: Option<Ejection>) -> Calls
    where
        P: Picker<Job> + Clone + Send + Sync + 'static,
    {
        let mut endpoints = Endpoints::new(load);
        if let Some(ejection) = ejection {
            endpoints = endpoints.ejection(ejection);
        }
        for (index, machine) in self.machines.iter().enumerate() {
            endpoints.insert(index, machine.serve(crate::scenarios::nothing()));
        }
        let seed = (draw.fraction(0) * (1_u64 << 53) as f64) as u64;
        Balance::new(endpoints, picker).seed(seed).map_err(Into::into).boxed_clone_sync()
    }

    /// Requests that have come in at all of them.
    pub(crate) fn received(&self) -> usize {
        self.machines.iter().map(|machine| machine.received()).sum()
    }
}
