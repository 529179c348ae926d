package io.github.notearchive.nightly.plan;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run that began now would have to do, how much of it our limits allow tonight, and when the rest is done. An
 * estimate: what it rests on is named, and so is what nobody can know.
 *
 * @param at the moment it is about
 * @param night the day of Asia/Shanghai
 * @param node whose run it would be
 * @param obstacles why a run would not begin at all; none where it would
 * @param due what is due, by class, in the order in which it is taken up
 * @param calls how many calls that needs
 * @param limits our own limits of the night, and what is left of them
 * @param duration how long tonight's part takes
 * @param backlog when all is done that is due or put off
 * @param leftOut what is not taken up tonight, and why
 * @param notKnown what the figures do not rest on
 */
public record NightPlan(
        Instant at,
        LocalDate night,
        String node,
        List<String> obstacles,
        List<DueClass> due,
        CallsNeeded calls,
        List<Limit> limits,
        ExpectedDuration duration,
        BacklogEnd backlog,
        List<LeftOut> leftOut,
        List<String> notKnown) {

    /** What is done with the notes of a class. */
    public enum DueKind {
        FILES_ONLY("files only: the answer is paid for"),
        BETTER_FILES("archived, a better rendition is tried for"),
        ANSWER_TOO_OLD("files missing, the answer is too old or dead"),
        NEW("new"),
        PUT_OFF("asked before and put off"),
        RECHECK("was not there, looked at again"),
        VIDEO("second calls for videos"),
        REFRESH("archived, asked about anew");

        private final String words;

        DueKind(String words) {
            this.words = words;
        }

        /** For a person to read. */
        public String words() {
            return words;
        }
    }

    /**
     * Notes of which the same is to be done.
     *
     * @param notes how many; for second calls those that are known to need one
     * @param calls how many calls they need at least
     */
    public record DueClass(DueKind kind, long notes, long calls) {}

    /**
     * Calls, of which each may be billed.
     *
     * @param needed by the classes, each call answered at once
     * @param perAnswer how many calls an answer took in the last nights; 1 where none is known
     * @param expected {@code needed} with those repetitions
     * @param tonight how many of these tonight's limits allow
     * @param because what limits them; null where nothing does
     */
    public record CallsNeeded(
            long needed,
            double perAnswer,
            long expected,
            long tonight,
            @Nullable String because) {}

    /**
     * One of our own limits.
     *
     * @param name the setting
     * @param unit of what the figures are: calls or bytes
     * @param limit of a night; 0 where there is none
     * @param used in this night, by all runs and nodes
     * @param left what may still be used; null where there is no limit
     */
    public record Limit(
            String name,
            String unit,
            long limit,
            long used,
            @Nullable Long left) {}

    /**
     * How long the calls of tonight take.
     *
     * @param expected in all
     * @param callsPerSecond how fast calls leave
     * @param bound what keeps them from leaving faster
     * @param latency the median of the calls measured, or what is assumed
     * @param files the median from an answer to its archived note, or what is assumed
     * @param measuredCalls by how many calls; 0: assumed
     * @param measuredNotes by how many notes; 0: assumed
     * @param end when a time limit ends a run that begins now; null where there is none
     */
    public record ExpectedDuration(
            Duration expected,
            double callsPerSecond,
            String bound,
            Duration latency,
            Duration files,
            long measuredCalls,
            long measuredNotes,
            @Nullable Instant end) {}

    /**
     * When nothing is due or put off any more, if nothing comes to it.
     *
     * @param calls how many are left after tonight
     * @param perNight how many of them a night allows
     * @param because what limits that
     * @param lastNight in which night it ends; null where no night allows any
     */
    public record BacklogEnd(
            long calls,
            long perNight,
            String because,
            @Nullable LocalDate lastNight) {}

    /**
     * Notes, or calls, that tonight leaves out.
     *
     * @param notes how many
     * @param why they are left out
     * @param next when that ends by itself, or the first of it; null where it does not, or nobody knows
     * @param advice what a person can do about it; empty where nothing is to be done
     */
    public record LeftOut(long notes, String why, @Nullable Instant next, String advice) {}
}
