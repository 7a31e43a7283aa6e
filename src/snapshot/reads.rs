//! The reads that the live handle and a snapshot share.

use jiff::Timestamp;

use crate::context::Context;
use crate::eval::{self, Run};
use crate::key::sealed::State;
use crate::key::{BooleanKey, FlagKey, FlagValue, Served};
use crate::literal::instant;
use crate::load::Loaded;
use crate::observer::{Observer, Silent};
use crate::program::{Asks, Decided, Flag, FlagId, Outcome, VariantId};
use crate::reason::Reason;
use crate::request::Request;

impl Loaded {
    pub(super) fn clock(&self) -> Timestamp {
        instant::from_system((self.settings.clock)())
    }

    /// The instant of a request: its own, else the clock's.
    #[inline(never)]
    pub(super) fn instant(&self, ctx: &Context<'_>) -> Timestamp {
        let given = ctx.instant().or_else(|| self.settings.base.instant());
        given.unwrap_or_else(|| self.clock())
    }

    /// Decides one flag, and tells an observer how.
    #[inline(always)]
    pub(super) fn observed<O: Observer>(
        &self,
        flag: &Flag,
        ctx: &Context<'_>,
        observer: &mut O,
    ) -> Outcome {
        // The clock is read at the most once, and for a flag that speaks of time only.
        //
        // PERF: what the request's own context brings takes no call (PRODUCT).
        let now = match flag.speaks_of_time {
            true => ctx.own_instant().unwrap_or_else(|| self.instant(ctx)),
            false => Timestamp::UNIX_EPOCH,
        };
        let request = Request::new(ctx, &self.settings.base);
        let run = Run { program: &self.program, request, now };
        eval::decide_in_full(&run, flag, observer)
    }

    /// Decides one flag for those who only want the answer.
    ///
    /// PERF: what needs no context is answered where it is asked; the rest is compiled here, once,
    /// and not into each service anew with whatever optimisation that has (W1, W3).
    #[inline]
    fn decided(&self, id: FlagId, ctx: &Context<'_>) -> Outcome {
        let flag = self.program.flags.get(id);
        match eval::without_context(flag) {
            Some(outcome) => outcome,
            None => self.decided_with(flag, ctx),
        }
    }

    #[inline(never)]
    fn decided_with(&self, flag: &Flag, ctx: &Context<'_>) -> Outcome {
        let by_bucket = match flag.asks {
            Asks::Bucket => eval::by_bucket(&self.program, flag, ctx),
            _ => None,
        };
        by_bucket.unwrap_or_else(|| self.observed(flag, ctx, &mut Silent))
    }

    /// The variant that is served, of a flag that is there: as [`Loaded::decided`].
    ///
    /// PERF: in a register, and nothing else is put together; what is asked by itself needs none of the
    /// registers that the rest saves (W2, W3, W5, W7).
    #[inline]
    fn variant(&self, id: FlagId, ctx: &Context<'_>) -> VariantId {
        let flag = self.program.flags.get(id);
        match eval::without_context(flag) {
            Some(outcome) => outcome.variant,
            None => self.variant_with(flag, ctx),
        }
    }

    #[inline(never)]
    fn variant_with(&self, flag: &Flag, ctx: &Context<'_>) -> VariantId {
        match flag.asks {
            Asks::Bucket => match eval::by_bucket(&self.program, flag, ctx) {
                Some(outcome) => outcome.variant,
                None => self.variant_in_full(flag, ctx),
            },
            Asks::Text => self.variant_by_text(flag, ctx),
            Asks::Table => self.variant_by_table(flag, ctx),
            _ => self.variant_in_full(flag, ctx),
        }
    }

    #[inline(never)]
    fn variant_by_text(&self, flag: &Flag, ctx: &Context<'_>) -> VariantId {
        let by_text = eval::by_text(&self.program, flag, ctx);
        by_text.unwrap_or_else(|| self.variant_in_full(flag, ctx))
    }

    #[inline(never)]
    fn variant_by_table(&self, flag: &Flag, ctx: &Context<'_>) -> VariantId {
        let request = Request::new(ctx, &self.settings.base);
        let by_table = eval::certain(&self.program, flag, &request);
        by_table.unwrap_or_else(|| self.variant_in_full(flag, ctx))
    }

    #[inline(never)]
    fn variant_in_full(&self, flag: &Flag, ctx: &Context<'_>) -> VariantId {
        self.observed(flag, ctx, &mut Silent).variant
    }

    /// The flag that is asked for, if it is there and of the type that its key promises.
    #[inline]
    pub(super) fn find<'k>(&self, flag: impl FlagKey<'k>) -> Result<FlagId, Reason> {
        let id = flag.find(&State(self)).map(FlagId::of_raw).ok_or(Reason::FlagNotFound)?;
        let value_type = self.program.flags.get(id).value_type;
        match flag.wants() {
            Some(wanted) if wanted != value_type => Err(Reason::TypeMismatch),
            _ => Ok(id),
        }
    }

    /// Decides a flag that can be read by what it is asked for by.
    #[inline]
    pub(super) fn decide<'k>(&self, flag: impl FlagKey<'k>, ctx: &Context<'_>) -> Decided {
        let decided = self.find(flag).map(|id| (id, self.decided(id, ctx)));
        decided.and_then(|decided| self.readable(flag, decided))
    }

    /// What was decided, unless its key cannot read it.
    #[inline]
    pub(super) fn readable<'k>(
        &self,
        flag: impl FlagKey<'k>,
        decided: (FlagId, Outcome),
    ) -> Decided {
        let served = Served { loaded: self, variant: decided.1.variant };
        if flag.reads(served) { Ok(decided) } else { Err(Reason::TypeMismatch) }
    }

    #[inline]
    pub(crate) fn is_enabled<'k>(&self, flag: impl BooleanKey<'k>, ctx: &Context<'_>) -> bool {
        // PERF: with no one to tell, nothing but the variant is decided (W1, W3).
        if self.is_witnessed {
            return self.is_enabled_and_told(flag, ctx);
        }
        let Some(id) = flag.find(&State(self)).map(FlagId::of_raw) else {
            return flag.on_by_default();
        };
        let on = self.program.flags.get(id).on;
        on.is_some_and(|on| self.variant(id, ctx) == on)
    }

    #[inline(never)]
    fn is_enabled_and_told<'k>(&self, flag: impl BooleanKey<'k>, ctx: &Context<'_>) -> bool {
        let is_on = |id, served: Served<'_>| {
            let on = self.program.flags.get(id).on;
            on.map(|on| on == served.variant)
        };
        let (decided, is_on) = self.read_and_tell(flag, ctx, is_on);
        is_on.unwrap_or(decided == Err(Reason::FlagNotFound) && flag.on_by_default())
    }

    #[inline]
    pub(crate) fn value<'s, T: FlagValue>(
        &'s self,
        flag: impl FlagKey<'s>,
        ctx: &Context<'_>,
    ) -> Option<T::Out<'s>> {
        if self.is_witnessed {
            return self.read_and_tell(flag, ctx, |_, served| T::read(served)).1;
        }
        let variant = self.variant(self.find(flag).ok()?, ctx);
        T::read(Served { loaded: self, variant })
    }

    /// Decides a flag for a reader of what is served, and tells whoever is to hear of it: of what it
    /// cannot read, as of another type.
    #[inline(never)]
    pub(super) fn read_and_tell<'s, 'k, T>(
        &'s self,
        flag: impl FlagKey<'k>,
        ctx: &Context<'_>,
        read: impl FnOnce(FlagId, Served<'s>) -> Option<T>,
    ) -> (Decided, Option<T>) {
        let id = match self.find(flag) {
            Ok(id) => id,
            Err(reason) => {
                self.tell(flag.flag_name(), Err(reason), ctx);
                return (Err(reason), None);
            }
        };
        let outcome = self.decided(id, ctx);
        let value = read(id, Served { loaded: self, variant: outcome.variant });
        let decided = Ok((id, outcome));
        let told = if value.is_some() { decided } else { Err(Reason::TypeMismatch) };
        self.tell(flag.flag_name(), told, ctx);
        (decided, value)
    }
}
