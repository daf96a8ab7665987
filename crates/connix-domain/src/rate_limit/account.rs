//! What one process knows of a credential's budgets, and the decision on a request by it.
//!
//! A process that is alone owns its budgets whole. One of several holds leases of them: units that nobody else lets pass. Either way
//! a request is decided here, without asking anybody, as long as something is held; only who runs short has to ask.

use super::{Claim, Draw, Policy, Standing, Verdict, Window};
use crate::Timestamp;

/// For this long a process of several believes what it knows of budgets that others draw on without leases, in microseconds.
const BELIEVED: i64 = 1_000_000;

/// What is held of one budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// How many this process may let pass by itself. Below 0 where more was charged than there was.
    pub units: i64,
    /// How many others may still let pass, as far as known.
    pub elsewhere: i64,
    /// Whether it is certain that nobody else has any: then nothing held is nothing left.
    pub alone: bool,
}

/// A budget in one of its windows, with what is to be handed in of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Of which policy.
    pub policy: Policy,
    /// Which window.
    pub window: Window,
    /// The whole of it.
    pub limit: i64,
    /// How many units were held, and are not any more.
    pub units: i64,
}

#[derive(Debug, Clone, Copy)]
struct Budget {
    window: Window,
    limit: i64,
    held: Held,
    learned: i64,
}

impl Budget {
    const UNKNOWN: Self = Self {
        window: Window { opens: i64::MIN, closes: i64::MIN },
        limit: 0,
        held: Held { units: 0, elsewhere: 0, alone: false },
        learned: i64::MIN,
    };

    fn is_used_up(&self) -> bool {
        self.held.alone && self.held.units <= 0
    }
}

/// The budgets of one credential.
#[derive(Debug, Clone)]
pub struct Account([Budget; Policy::COUNT]);

impl Default for Account {
    fn default() -> Self {
        Self([Budget::UNKNOWN; Policy::COUNT])
    }
}

impl Account {
    /// Decides on a request by what is held. `None`: it is short of something that others may have; nothing is taken then.
    pub fn draw(&mut self, claims: &[Claim], at: Timestamp) -> Option<Verdict> {
        let refused = claims.iter().any(|claim| self.violates(claim, at));
        if !refused && claims.iter().any(|claim| self.is_short(claim, at)) {
            return None;
        }
        if !refused {
            claims.iter().filter(|claim| claim.draw == Draw::Take).for_each(|claim| self.take(claim.policy));
        }
        Some(self.verdict(claims, at, |account, claim| account.violates(claim, at) && refused))
    }

    /// Decides on a request of a process that is alone: it holds the whole of every budget.
    pub fn draw_alone(&mut self, claims: &[Claim], at: Timestamp) -> Verdict {
        claims.iter().for_each(|claim| self.own(claim, at));
        self.draw(claims, at).unwrap_or_else(|| self.shortage(claims, &[], at))
    }

    /// The refusal of a request that is short of one of these policies, of which nobody gives any.
    pub fn shortage(&self, claims: &[Claim], of: &[Policy], at: Timestamp) -> Verdict {
        let lacks = |claim: &Claim| of.contains(&claim.policy) && self.is_short(claim, at);
        self.verdict(claims, at, |account, claim| account.violates(claim, at) || lacks(claim))
    }

    /// The verdict on a request that others have let pass, which counts in what they told.
    pub fn passed(&self, claims: &[Claim], at: Timestamp) -> Verdict {
        self.verdict(claims, at, |_, _| false)
    }

    /// Hands in what is held of the budgets that a request asks for: until more is learned, others may have it.
    pub fn hand_in(&mut self, claims: &[Claim], at: Timestamp) -> Vec<Lease> {
        let hand_in = |claim: &Claim| {
            let window = self.window(claim.policy, at);
            let budget = &mut self.0[claim.policy.index()];
            let units = if budget.window == window { budget.held.units.max(0) } else { 0 };
            if claim.draw == Draw::Take {
                budget.held.elsewhere += units;
                budget.held.units -= units;
            }
            Lease { policy: claim.policy, window, limit: claim.limit, units }
        };
        claims.iter().map(hand_in).collect()
    }

    /// Gives up what is held of one budget in one window: somebody else is short of it.
    pub fn give_up(&mut self, policy: Policy, opens: i64) -> i64 {
        let budget = &mut self.0[policy.index()];
        if budget.window.opens != opens {
            return 0;
        }
        let units = std::mem::take(&mut budget.held.units).max(0);
        budget.held.elsewhere += units;
        units
    }

    /// Gives up everything that is held.
    pub fn give_up_all(&mut self) -> Vec<Lease> {
        use crate::lifecycle::Words;
        let shared = Policy::ALL.iter().filter(|policy| **policy != Policy::Tokens);
        let all = shared.map(|policy| {
            let Budget { window, limit, .. } = self.0[policy.index()];
            Lease { policy: *policy, window, limit, units: self.give_up(*policy, window.opens) }
        });
        all.filter(|lease| lease.units > 0).collect()
    }

    /// Notes what was told of a budget.
    pub fn learn(&mut self, lease: &Lease, held: Held, at: Timestamp) {
        let learned = at.timestamp_micros();
        self.0[lease.policy.index()] = Budget { window: lease.window, limit: lease.limit, held, learned };
    }

    /// Charges model tokens to a process that is alone; more than there are, if so many were used.
    pub fn charge_alone(&mut self, tokens: i64, at: Timestamp) {
        let window = self.window(Policy::Tokens, at);
        let budget = &mut self.0[Policy::Tokens.index()];
        if budget.window != window {
            // whoever asks for it says how much it is: until then it counts from nothing
            let held = Held { alone: true, ..Held::default() };
            *budget = Budget { window, limit: 0, held, learned: at.timestamp_micros() };
        }
        budget.held.units -= tokens;
    }

    /// Notes how many tokens all processes have charged to a window.
    pub fn learn_charged(&mut self, opens: i64, charged: i64) {
        let budget = &mut self.0[Policy::Tokens.index()];
        if budget.window.opens == opens {
            budget.held.units = budget.held.units.min(budget.limit - charged);
        }
    }

    /// Whether nothing in it is of use any more: all of its windows are over.
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.0.iter().all(|budget| budget.window.closes <= at.timestamp())
    }

    /// The window that a request counts in. One that read the clock a moment before the window's turn, and comes after one that
    /// read it later, counts in the new window: the old one is closed.
    fn window(&self, policy: Policy, at: Timestamp) -> Window {
        let (window, known) = (Window::of(policy, at), self.0[policy.index()].window);
        if known.opens == window.closes { known } else { window }
    }

    fn known(&self, claim: &Claim, at: Timestamp) -> Option<&Budget> {
        let budget = &self.0[claim.policy.index()];
        (budget.window == self.window(claim.policy, at) && budget.limit == claim.limit).then_some(budget)
    }

    fn violates(&self, claim: &Claim, at: Timestamp) -> bool {
        claim.draw != Draw::Look && self.known(claim, at).is_some_and(Budget::is_used_up)
    }

    fn is_short(&self, claim: &Claim, at: Timestamp) -> bool {
        let Some(budget) = self.known(claim, at) else { return true };
        match claim.draw {
            Draw::Take => budget.held.units <= 0,
            Draw::Need => at.timestamp_micros() - budget.learned > BELIEVED,
            Draw::Look => false,
        }
    }

    fn take(&mut self, policy: Policy) {
        self.0[policy.index()].held.units -= 1;
    }

    /// Makes the whole of a budget held, but for what was taken of it in this window.
    fn own(&mut self, claim: &Claim, at: Timestamp) {
        let window = self.window(claim.policy, at);
        let budget = &mut self.0[claim.policy.index()];
        let units = if budget.window == window { budget.held.units + claim.limit - budget.limit } else { claim.limit };
        let held = Held { units, elsewhere: 0, alone: true };
        *budget = Budget { window, limit: claim.limit, held, learned: at.timestamp_micros() };
    }

    fn verdict(&self, claims: &[Claim], at: Timestamp, violated: impl Fn(&Self, &Claim) -> bool) -> Verdict {
        let standing = |claim: &Claim| {
            let window = self.window(claim.policy, at);
            let left = self.known(claim, at).map_or(claim.limit, |budget| budget.held.units + budget.held.elsewhere);
            let remaining = left.clamp(0, claim.limit);
            Standing { policy: claim.policy, limit: claim.limit, remaining, window, violated: violated(self, claim) }
        };
        Verdict { at, standings: claims.iter().map(standing).collect() }
    }
}
