//! A handle that follows a folder, and what must be true of every state that it publishes.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use hoist::{Builder, Context, Flags, ReloadEvent, ReloadOutcome, Subscription, WatchMode};

use crate::folder::{Folder, PATIENCE, wait_until};
use crate::ways;

/// How often what is followed changes: a watcher may well see the first change and go blind by it.
pub(crate) const CHANGES: usize = 3;

/// A write that takes longer than this is a slow one, which no reader can tell from two changes.
const QUICK: Duration = Duration::from_millis(25);

/// How a handle follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    EventsAndPolling,
    PollingAlone,
    /// With a poll so slow that none comes.
    EventsAlone,
}

impl Mode {
    fn of(self, builder: Builder) -> Builder {
        match self {
            Mode::EventsAndPolling => {
                builder.watch(hoist::Watch::EventsAndPolling(Duration::from_secs(1)))
            }
            Mode::PollingAlone => builder.watch(hoist::Watch::Polling(Duration::from_millis(20))),
            Mode::EventsAlone => {
                builder.watch(hoist::Watch::EventsAndPolling(Duration::from_secs(3600)))
            }
        }
    }

    fn is(self, told: &WatchMode) -> bool {
        match self {
            Mode::EventsAndPolling | Mode::EventsAlone => *told == WatchMode::EventsAndPolling,
            Mode::PollingAlone => matches!(told, WatchMode::PollingOnly(_)),
        }
    }
}

/// One way in which what is followed changes.
pub(crate) struct Way {
    /// What is opened, from the folder on.
    opens: &'static str,
    /// Puts the text of number 0 there.
    start: fn(&Folder),
    /// Puts the text of a number there.
    change: fn(&Folder, usize),
    meanwhile: Meanwhile,
}

/// What a reader may find while the change is made.
#[derive(Clone, Copy)]
pub(crate) enum Meanwhile {
    /// One whole text or the other, so that nothing is ever refused.
    Whole,
    /// Nothing that could be taken for a whole text.
    Gap,
    /// A part that is a whole text too. That it is one shows by the rest that follows at once.
    Part,
    /// What is there before is refused, with these words.
    Refused {
        /// Spoils what is there, before the text of a number comes; or says why it cannot.
        spoil: fn(&Folder, usize) -> Result<(), &'static str>,
        words: &'static str,
    },
}

impl Way {
    /// A change of `flags.yaml`, which is a plain file at first.
    pub(crate) const fn of(change: fn(&Folder, usize)) -> Way {
        let start: fn(&Folder) = |folder| drop(folder.write("flags.yaml", ways::text(0)));
        Way { opens: "flags.yaml", start, change, meanwhile: Meanwhile::Whole }
    }

    pub(crate) const fn from(self, start: fn(&Folder)) -> Way {
        Way { start, ..self }
    }

    pub(crate) const fn opening(self, opens: &'static str) -> Way {
        Way { opens, ..self }
    }

    pub(crate) const fn with(self, meanwhile: Meanwhile) -> Way {
        Way { meanwhile, ..self }
    }
}

/// What a state answers: the number of its text, said at both ends of it, and a flag between that
/// is on where the text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    first: i64,
    danger: bool,
    last: i64,
    flags: usize,
}

impl Answer {
    /// Of the whole text of a number.
    pub(crate) fn right(number: usize) -> Answer {
        let number = i64::try_from(number).unwrap();
        Answer { first: number, danger: false, last: number, flags: 3 }
    }

    pub(crate) fn of(flags: &Flags) -> Answer {
        let (snap, ctx) = (flags.snapshot(), Context::new().user("ada"));
        Answer {
            first: snap.value_or("first", &ctx, -1_i64),
            danger: snap.is_enabled("danger", &ctx),
            last: snap.value_or("last", &ctx, -1_i64),
            flags: snap.flags().count(),
        }
    }
}

/// What listeners are told, with the answer at that moment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Published(Answer),
    Refused(String),
}

/// A handle, and all that it told.
pub(crate) struct Follower {
    pub(crate) flags: Flags,
    told: Receiver<Told>,
    _listener: Subscription,
}

impl Follower {
    /// Opens a path of the folder.
    pub(crate) fn of(folder: &Folder, opens: &str, mode: Mode) -> Follower {
        let flags = mode.of(Flags::builder().file(folder.at(opens))).open().unwrap();
        let (tell, told) = channel();
        let asked = flags.clone();
        let listener = flags.subscribe(move |event| {
            let told = match event {
                ReloadEvent::Reloaded { .. } => Told::Published(Answer::of(&asked)),
                ReloadEvent::Failed { error } => Told::Refused(error.to_string()),
                other => panic!("an event that this test does not know: {other:?}"),
            };
            drop(tell.send(told));
        });
        Follower { flags, told, _listener: listener }
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::of(&self.flags)
    }

    /// What was told since this was asked last.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.told.try_iter().collect()
    }

    /// Waits until the text of a number is live and announced, and nothing is complained of; gives
    /// what was told until then.
    #[track_caller]
    pub(crate) fn sees(&self, number: usize) -> Vec<Told> {
        let mut told = Vec::new();
        while told.last() != Some(&Told::Published(Answer::right(number))) {
            match self.told.recv_timeout(PATIENCE) {
                Ok(news) => told.push(news),
                Err(_) => panic!("text {number} never came: {told:?}, {:?}", self.flags.status()),
            }
        }
        assert_eq!(self.answer(), Answer::right(number));
        assert!(self.flags.status().last_error.is_none(), "{:?}", self.flags.status());
        told
    }

    /// Waits until what is there is refused with these words; what was live stays so.
    #[track_caller]
    fn refuses(&self, words: &str, number: usize) {
        let refusal = || self.flags.status().last_error;
        wait_until(&format!("the refusal: {words}"), || {
            refusal().is_some_and(|failure| failure.error.to_string().contains(words))
        });
        let failure = refusal().expect("it stays until it is made good");
        assert!(failure.count >= 1 && self.flags.status().reloads.failed >= failure.count);
        if let Some(report) = failure.error.report() {
            let problem = &report.diagnostics()[0];
            assert!(problem.file().ends_with(".yaml") && problem.line() >= 1, "{report}");
        }
        assert_eq!(self.answer(), Answer::right(number), "what was live stays so");
    }
}

/// Follows a folder through all changes of a way.
#[track_caller]
pub(crate) fn follow(way: &Way, mode: Mode) {
    let folder = Folder::new();
    (way.start)(&folder);
    let follower = Follower::of(&folder, way.opens, mode);
    assert!(mode.is(&follower.flags.status().mode), "{:?}", follower.flags.status().mode);
    assert_eq!(follower.answer(), Answer::right(0));
    let mut told = Vec::new();
    for number in 1..=CHANGES {
        if let Meanwhile::Refused { spoil, words } = way.meanwhile {
            if let Err(reason) = spoil(&folder, number) {
                println!("skipped: {reason}");
                return;
            }
            follower.refuses(words, number - 1);
        }
        let begun = Instant::now();
        (way.change)(&folder, number);
        let was_quick = begun.elapsed() < QUICK;
        let news = follower.sees(number);
        if was_quick || !matches!(way.meanwhile, Meanwhile::Part) {
            only_right_answers(&news, number);
        }
        told.extend(news);
    }
    // Nothing else comes behind the last.
    assert_eq!(follower.flags.reload().unwrap(), ReloadOutcome::Unchanged);
    assert_eq!(follower.told(), []);
    well_told(&follower, &told, way.meanwhile);
    assert!(mode.is(&follower.flags.status().mode), "{:?}", follower.flags.status().mode);
}

/// That whatever was published was the text of the number, or of that before it; in this order.
#[track_caller]
fn only_right_answers(told: &[Told], number: usize) {
    let published = told.iter().filter_map(|told| match told {
        Told::Published(answer) => Some(*answer),
        Told::Refused(_) => None,
    });
    let published: Vec<Answer> = published.collect();
    let mut rest = published.iter().skip_while(|answer| **answer == Answer::right(number - 1));
    assert!(rest.all(|answer| *answer == Answer::right(number)), "of text {number}: {told:?}");
}

/// That what was refused was told, once for each time that it began, and that nothing else was.
#[track_caller]
fn well_told(follower: &Follower, told: &[Told], meanwhile: Meanwhile) {
    let status = follower.flags.status();
    let published = told.iter().filter(|told| matches!(told, Told::Published(_))).count();
    assert_eq!(status.reloads.ok, published as u64, "{told:?}");
    assert!(status.kept.is_empty() && status.left_out.is_empty(), "{status:?}");
    let refusals = told.iter().filter_map(|told| match told {
        Told::Published(_) => None,
        Told::Refused(error) => Some(error),
    });
    match meanwhile {
        Meanwhile::Whole => assert_eq!(refusals.count(), 0, "{told:?}"),
        Meanwhile::Gap | Meanwhile::Part => {}
        Meanwhile::Refused { words, .. } => {
            let with_words = refusals.filter(|error| error.contains(words)).count();
            assert_eq!(with_words, CHANGES, "{told:?}");
        }
    }
    for pair in told.windows(2) {
        if let [Told::Refused(one), Told::Refused(next)] = pair {
            assert_ne!(one, next, "a failure is told once for as long as it stays");
        }
    }
}
