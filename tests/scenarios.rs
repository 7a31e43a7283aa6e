//! Every way in which what is followed changes, with events and polling, by polling alone, and by
//! events alone: the new answer arrives, and no wrong one is live on the way. RELIABILITY.md.
#![cfg(unix)]

#[path = "scenarios/config_map.rs"]
mod config_map;
#[path = "scenarios/cuts.rs"]
mod cuts;
mod folder;
#[path = "scenarios/following.rs"]
mod following;
#[path = "scenarios/limits.rs"]
mod limits;
#[path = "scenarios/noise.rs"]
mod noise;
#[path = "naive/random.rs"]
#[allow(dead_code, reason = "the second evaluator uses the rest")]
mod random;
#[path = "scenarios/spoilt.rs"]
mod spoilt;
#[path = "scenarios/ways.rs"]
mod ways;

use following::{Meanwhile, Mode, Way, follow};

/// One test for each way and mode. What is said of a row is said of its test by events alone.
macro_rules! scenarios {
    ($($(#[$by_events_alone:meta])* $name:ident: $way:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn with_events_and_polling() {
                follow(&$way, Mode::EventsAndPolling);
            }

            #[test]
            fn by_polling_alone() {
                follow(&$way, Mode::PollingAlone);
            }

            #[test]
            $(#[$by_events_alone])*
            fn by_events_alone() {
                follow(&$way, Mode::EventsAlone);
            }
        }
    )*};
}

// The file itself is written.
scenarios! {
    written_in_place: Way::of(ways::write_in_place).with(Meanwhile::Gap);
    truncated_then_written: Way::of(ways::truncate_then_write).with(Meanwhile::Gap);
    written_in_two_quick_steps: Way::of(ways::write_in_two_quick_steps).with(Meanwhile::Part);
    overwritten_with_the_same_length: Way::of(ways::overwrite).with(Meanwhile::Gap);
    made_longer_and_shorter: Way::of(ways::write_longer_or_shorter).with(Meanwhile::Gap);
    with_a_byte_order_mark_and_without: Way::of(ways::write_with_byte_order_mark);
    with_crlf_and_without: Way::of(ways::write_with_crlf);
}

// Another file takes its place.
scenarios! {
    renamed_over: Way::of(ways::rename_over);
    renamed_from_another_directory: Way::of(ways::rename_from_elsewhere);
    backed_up_and_created_as_by_vim: Way::of(ways::back_up_and_create).with(Meanwhile::Gap);
    deleted_and_recreated: Way::of(ways::delete_and_recreate).with(Meanwhile::Gap);
    edited_by_sed: Way::of(ways::sed);
}

// The kubelet writes it.
scenarios! {
    config_map_by_its_file: Way::of(config_map::change).from(config_map::start);
    config_map_by_its_directory: Way::of(config_map::change_directory)
        .from(config_map::start_directory)
        .opening("");
    config_map_whose_keys_change: Way::of(config_map::change_keys)
        .from(config_map::start_directory)
        .opening("")
        .with(Meanwhile::Gap);
}

// Links lead to it.
scenarios! {
    link_renamed_over: Way::of(ways::retarget_at_once).from(ways::link);
    link_removed_and_made_anew: Way::of(ways::retarget).from(ways::link).with(Meanwhile::Gap);
    link_whose_target_is_written: Way::of(ways::write_target)
        .from(ways::link)
        .with(Meanwhile::Gap);
    link_whose_target_is_renamed_over: Way::of(ways::rename_over_target).from(ways::link);
    link_retargeted_and_its_target_written: Way::of(ways::retarget_or_write_target)
        .from(ways::link)
        .with(Meanwhile::Gap);
    link_to_a_link_that_is_retargeted: Way::of(ways::retarget_second).from(ways::link_to_a_link);
}

// What it lies in changes.
scenarios! {
    parent_replaced: Way::of(ways::replace_parent)
        .from(ways::start_deep)
        .opening(ways::DEEP)
        .with(Meanwhile::Gap);
    parent_moved_away_and_back: Way::of(ways::move_parent_away_and_back)
        .from(ways::start_deep)
        .opening(ways::DEEP)
        .with(Meanwhile::Gap);
    parent_deleted_and_recreated: Way::of(ways::recreate_parent)
        .from(ways::start_deep)
        .opening(ways::DEEP)
        .with(Meanwhile::Gap);
    parent_replaced_and_then_written: Way::of(ways::replace_parent_or_write)
        .from(ways::start_deep)
        .opening(ways::DEEP)
        .with(Meanwhile::Gap);
    parent_recreated_and_then_written: Way::of(ways::recreate_parent_or_write)
        .from(ways::start_deep)
        .opening(ways::DEEP)
        .with(Meanwhile::Gap);
    parent_moved_and_then_written: Way::of(ways::move_parent_or_write)
        .from(ways::start_deep)
        .opening(ways::DEEP)
        .with(Meanwhile::Gap);
    grandparent_replaced: Way::of(ways::replace_grandparent)
        .from(ways::start_deep)
        .opening(ways::DEEP)
        .with(Meanwhile::Gap);
    directory_replaced: Way::of(ways::replace_directory)
        .from(ways::start_directory)
        .opening("layer")
        .with(Meanwhile::Gap);
    parent_that_is_a_link_swapped: Way::of(ways::swap_current)
        .from(ways::start_current)
        .opening("current/flags.yaml");
    parent_that_is_a_link_swapped_and_its_target_removed: Way::of(ways::swap_current_and_remove)
        .from(ways::start_current)
        .opening("current/flags.yaml");
    grandparent_that_is_a_link_swapped: Way::of(ways::swap_current)
        .from(ways::start_current)
        .opening("current/deeper/flags.yaml");
    directory_that_is_a_link_swapped: Way::of(ways::swap_current)
        .from(ways::start_current)
        .opening("current/layer");
    directory_of_links_whose_target_is_written: Way::of(ways::write_target)
        .from(ways::start_directory_of_links)
        .opening("layer")
        .with(Meanwhile::Gap);
    link_to_a_directory_swapped: Way::of(ways::swap_layer)
        .from(ways::start_layer_link)
        .opening("layer");
}

// Its times tell nothing.
scenarios! {
    renamed_over_with_older_times: Way::of(ways::rename_over_older);
    renamed_over_with_the_same_time: Way::of(ways::rename_over_with_one_time);
    written_with_its_time_restored: Way::of(ways::write_and_restore_time)
        .with(Meanwhile::Gap);
    written_twice_in_one_second: Way::of(ways::write_twice_in_one_second)
        .with(Meanwhile::Gap);
}

// It cannot be read, or is no toggle file, and is made good again.
scenarios! {
    written_in_two_slow_steps: Way::of(spoilt::finish).with(spoilt::BEGUN);
    emptied_and_written_later: Way::of(ways::write_in_place).with(spoilt::EMPTY);
    deleted_for_a_while: Way::of(ways::write_in_place).with(spoilt::MISSING);
    forbidden_for_a_while: Way::of(spoilt::allow_and_write).with(spoilt::FORBIDDEN);
    replaced_by_a_fifo: Way::of(ways::rename_over).with(spoilt::FIFO);
    replaced_by_a_directory: Way::of(spoilt::remove_directory_and_write).with(spoilt::DIRECTORY);
    replaced_by_a_device: Way::of(ways::rename_over).with(spoilt::DEVICE);
    replaced_by_a_link_to_nothing: Way::of(ways::rename_over).with(spoilt::LINK_TO_NOTHING);
    replaced_by_a_link_to_itself: Way::of(ways::rename_over).with(spoilt::LINK_TO_ITSELF);
    replaced_by_a_huge_sparse_file: Way::of(ways::rename_over).with(spoilt::HUGE);
    replaced_by_invalid_utf_8: Way::of(ways::write_in_place).with(spoilt::INVALID_UTF_8);
    replaced_by_utf_16: Way::of(ways::write_in_place).with(spoilt::UTF_16);
    replaced_by_nul_bytes: Way::of(ways::write_in_place).with(spoilt::NUL_BYTES);
    replaced_by_a_broken_text: Way::of(ways::rename_over).with(spoilt::BROKEN);
    config_map_broken: Way::of(config_map::change)
        .from(config_map::start)
        .with(config_map::BROKEN);
    directory_without_toggle_files: Way::of(spoilt::show)
        .from(spoilt::start_directory)
        .opening("layer")
        .with(spoilt::NO_TOGGLE_FILE);
}
