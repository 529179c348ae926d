package io.github.notearchive.nightly.plan;

import io.github.notearchive.archive.stats.DueNotes;
import io.github.notearchive.archive.stats.DueNotes.Group;
import io.github.notearchive.archive.stats.DueNotes.Kind;
import io.github.notearchive.archive.stats.PastNights;
import io.github.notearchive.archive.stats.PastNights.Measured;
import io.github.notearchive.nightly.StartRefusal;
import io.github.notearchive.nightly.plan.NightPlan.BacklogEnd;
import io.github.notearchive.nightly.plan.NightPlan.CallsNeeded;
import io.github.notearchive.nightly.plan.NightPlan.DueClass;
import io.github.notearchive.nightly.plan.NightPlan.DueKind;
import io.github.notearchive.nightly.plan.NightPlan.ExpectedDuration;
import io.github.notearchive.nightly.plan.NightPlan.LeftOut;
import io.github.notearchive.nightly.plan.PlanLimits.Bound;
import io.github.notearchive.nightly.plan.PlanLimits.Pace;
import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Calculates a plan from inputs and settings. Pure. */
final class PlanCalculator {

    /** Latency of a call if none was measured. */
    private static final Duration ASSUMED_LATENCY = Duration.ofSeconds(1);

    /** Duration of the files of a note if none was measured. */
    private static final Duration ASSUMED_FILES = Duration.ofSeconds(3);

    private final PlanInputs inputs;
    private final PastNights.Measurements past;
    private final PlanSettings settings;

    private final Night tonight;
    private final Duration latency;
    private final Duration fileTime;
    private final Pace pace;
    private final PlanLimits limits;
    private final List<DueClass> due;
    private final List<String> refusals;

    PlanCalculator(PlanInputs inputs, PlanSettings settings) {
        this.inputs = inputs;
        this.past = inputs.past();
        this.settings = settings;
        this.tonight = Night.of(inputs.at());
        Measured measured = past.calls().latency();
        this.latency = measured.of() == 0 ? ASSUMED_LATENCY : measured.median();
        this.fileTime = past.files().of() == 0 ? ASSUMED_FILES : past.files().median();
        this.pace = Pace.of(settings, latency, fileTime);
        this.limits = new PlanLimits(settings, inputs, pace);
        this.due = due();
        this.refusals = refusals();
    }

    NightPlan plan() {
        Bound allowed = refusals.isEmpty() ? limits.tonight() : new Bound(0, refusals.getFirst());
        long refreshing = atMost(
                needed(DueKind.REFRESH),
                settings.refreshCallsPerNight(),
                inputs.made().refreshes());
        long filming = atMost(
                needed(DueKind.VIDEO),
                settings.videos().callsPerNight(),
                inputs.made().videos());
        long others = needed() - needed(DueKind.REFRESH) - needed(DueKind.VIDEO);
        long wanted = inputs.callsFor(others + filming + refreshing);
        long made = Math.min(wanted, allowed.calls());
        return new NightPlan(
                inputs.at(),
                tonight.date(),
                settings.archive().node(),
                obstacles(),
                due,
                new CallsNeeded(
                        needed(),
                        past.calls().perResponse(),
                        inputs.callsFor(needed()),
                        made,
                        made < wanted ? allowed.because() : null),
                PlanLimits.configured(settings, inputs.made(), inputs.storedBytes()),
                duration(made),
                backlogEnd(Math.min(made, inputs.callsFor(others + filming))),
                leftOut(wanted - made, allowed, filming, refreshing),
                notKnown());
    }

    // what is due

    private List<DueClass> due() {
        Group held = inputs.group(Kind.HELD);
        Group fresh = inputs.group(Kind.NEW);
        Group postponed = inputs.group(Kind.POSTPONED);
        Group recheck = inputs.group(Kind.RECHECK);
        long paid = held.paid() + fresh.paid() + postponed.paid() + recheck.paid();
        return Stream.of(
                        new DueClass(DueKind.FILES_ONLY, paid, 0),
                        new DueClass(
                                DueKind.BETTER_FILES, inputs.group(Kind.BETTER).notes(), 0),
                        asked(DueKind.ANSWER_TOO_OLD, held),
                        asked(DueKind.NEW, fresh),
                        asked(DueKind.POSTPONED, postponed),
                        asked(DueKind.RECHECK, recheck),
                        new DueClass(
                                DueKind.VIDEO,
                                inputs.work().videosToBuy(),
                                inputs.work().videosToBuy() + videosExpected(fresh)),
                        new DueClass(
                                DueKind.REFRESH,
                                inputs.work().refreshes().due(),
                                inputs.work().refreshes().due()))
                .filter(of -> of.notes() + of.calls() > 0)
                .toList();
    }

    private static DueClass asked(DueKind kind, Group group) {
        long notes = group.notes() - group.paid();
        return new DueClass(kind, notes, notes);
    }

    private long videosExpected(Group fresh) {
        return Math.round((fresh.notes() - fresh.paid()) * past.videoShare().share());
    }

    private long needed() {
        return due.stream().mapToLong(DueClass::calls).sum();
    }

    private long needed(DueKind kind) {
        return due.stream()
                .filter(of -> of.kind() == kind)
                .mapToLong(DueClass::calls)
                .sum();
    }

    private long withoutCall() {
        return due.stream()
                .filter(of -> of.calls() == 0)
                .mapToLong(DueClass::notes)
                .sum();
    }

    // reasons not to start

    /** Returns why no run would buy anything. */
    private List<String> refusals() {
        return planReasons(Stream.of(
                StartRefusal.ofRebuild(inputs.isRebuildUnfinished()),
                StartRefusal.ofGate(inputs.closed()),
                StartRefusal.ofCalls(settings.source().callsPerNight(), inputs.made(), tonight),
                StartRefusal.ofBytes(settings.limits(), inputs.storedBytes(), tonight)));
    }

    /** Returns why no run would process notes without calls. */
    private List<String> refusalsWithoutCall() {
        return planReasons(Stream.of(
                StartRefusal.ofRebuild(inputs.isRebuildUnfinished()),
                StartRefusal.ofBytes(settings.limits(), inputs.storedBytes(), tonight)));
    }

    private static List<String> planReasons(Stream<Optional<StartRefusal>> refusals) {
        return refusals.flatMap(Optional::stream).map(StartRefusal::planReason).toList();
    }

    private List<String> obstacles() {
        List<String> obstacles = new ArrayList<>(withoutCall() > 0 ? refusalsWithoutCall() : refusals);
        if (inputs.isRunning()) {
            obstacles.add(StartRefusal.ofLock(settings.archive().node()).planReason());
        }
        return obstacles;
    }

    private static long atMost(long wanted, long limit, long used) {
        return limit == 0 ? wanted : Math.min(wanted, Math.max(0, limit - used));
    }

    // time

    private ExpectedDuration duration(long calls) {
        long notes = refusalsWithoutCall().isEmpty() ? withoutCall() : 0;
        double seconds = calls / pace.callsPerSecond()
                + notes * PlanLimits.seconds(fileTime) / settings.archive().workers();
        if (calls + notes > 0) {
            // the last one has to end
            seconds += (calls > 0 ? PlanLimits.seconds(latency) : 0) + PlanLimits.seconds(fileTime);
        }
        return new ExpectedDuration(
                Duration.ofSeconds(Math.round(seconds)),
                pace.callsPerSecond(),
                pace.bound(),
                latency,
                fileTime,
                past.calls().latency().of(),
                past.files().of(),
                limits.end().orElse(null));
    }

    // later nights

    private BacklogEnd backlogEnd(long tonightMade) {
        long later = inputs.group(Kind.NEW_LATER).notes()
                + inputs.group(Kind.POSTPONED_TONIGHT).notes()
                + inputs.group(Kind.POSTPONED_LATER).notes();
        long all = inputs.callsFor(needed() - needed(DueKind.REFRESH) + later);
        long rest = Math.max(0, all - tonightMade);
        Bound night = limits.wholeNight();
        LocalDate last = rest == 0 ? tonight.date() : last(rest, night.calls());
        if (settings.videos().callsPerNight() > 0) {
            long film = inputs.callsFor(needed(DueKind.VIDEO))
                    - Math.max(
                            0, settings.videos().callsPerNight() - inputs.made().videos());
            if (film > 0 && last != null) {
                LocalDate filmed = last(film, settings.videos().callsPerNight());
                if (filmed != null && filmed.isAfter(last)) {
                    night = new Bound(
                            settings.videos().callsPerNight(),
                            "our own limit of " + settings.videos().callsPerNight() + " calls for videos a night");
                    last = filmed;
                }
            }
        }
        return new BacklogEnd(rest, night.calls(), night.because(), last);
    }

    /** Returns the night in which the calls are completed that start in the next night. */
    private @Nullable LocalDate last(long calls, long perNight) {
        return perNight == 0 ? null : tonight.date().plusDays(Math.ceilDiv(calls, perNight));
    }

    // what is left out

    private List<LeftOut> leftOut(long over, Bound allowed, long filming, long refreshing) {
        List<LeftOut> left = new ArrayList<>();
        left.add(new LeftOut(over, "calls beyond the limit of tonight: " + allowed.because(), tonight.ends(), ""));
        left.add(new LeftOut(
                needed(DueKind.VIDEO) - filming,
                "calls for videos beyond archive.video.calls-per-night",
                tonight.ends(),
                ""));
        left.add(new LeftOut(
                needed(DueKind.REFRESH) - refreshing,
                "refreshes beyond archive.refresh.share or its calls-per-night",
                tonight.ends(),
                ""));
        left.add(waiting(Kind.POSTPONED_TONIGHT, "postponed, due again later tonight"));
        left.add(waiting(Kind.POSTPONED_LATER, "postponed to a later night"));
        left.add(waiting(Kind.NEW_LATER, "new, but due in the future: a clock was ahead when they were enqueued"));
        left.add(waiting(Kind.RECHECK_LATER, "UNAVAILABLE, checked again later"));
        left.add(waiting(Kind.BETTER_LATER, "archived, a better rendition is tried later"));
        left.add(new LeftOut(
                inputs.work().refreshes().later(),
                "archived, refreshed in a later night",
                inputs.work().refreshes().next() == null
                        ? null
                        : new Night(inputs.work().refreshes().next()).begins(),
                ""));
        left.add(new LeftOut(inputs.work().failed(), "FAILED", null, "status lists reasons and remedies"));
        for (DueNotes.Claims claims : inputs.work().claims()) {
            left.add(new LeftOut(claims.notes(), "in progress on node " + claims.node(), null, ""));
        }
        left.add(new LeftOut(inputs.work().erased(), "erased, never fetched", null, ""));
        return left.stream().filter(of -> of.notes() > 0).toList();
    }

    private LeftOut waiting(Kind kind, String why) {
        Group group = inputs.group(kind);
        String advice = kind == Kind.NEW_LATER ? "note-archive requeue NOTE_ID makes one due now" : "";
        return new LeftOut(group.notes(), why, group.first(), advice);
    }

    // unknown inputs

    private List<String> notKnown() {
        List<String> notKnown = new ArrayList<>();
        if (past.calls().latency().of() == 0) {
            notKnown.add(
                    "how long a call takes: none was measured in the last %d nights, %d s and a response to each are assumed"
                            .formatted(PastNights.NIGHTS, ASSUMED_LATENCY.toSeconds()));
        }
        if (past.files().of() == 0) {
            notKnown.add("how long the files of a note take: none were measured in the last %d nights, %d s are assumed"
                    .formatted(PastNights.NIGHTS, ASSUMED_FILES.toSeconds()));
        }
        if (past.responsesBeforeStops().isEmpty() && settings.source().callsPerNight() == 0) {
            notKnown.add("the provider's quota: no run has reached it, and archive.source.calls-per-night sets none");
        }
        if (settings.bytesPerNight() > 0 && past.bytesPerResponse() == 0) {
            notKnown.add(
                    "how many notes archive.limits.bytes-per-night allows: no file was stored in the last %d nights"
                            .formatted(PastNights.NIGHTS));
        }
        Group fresh = inputs.group(Kind.NEW);
        if (settings.videos().enabled() && fresh.notes() > fresh.paid()) {
            notKnown.add(
                    past.videoShare().of() == 0
                            ? "how many of the new notes are videos, each with a second call: none is archived yet, none is counted"
                            : "how many of the new notes are videos: %.0f %% are assumed, as of the %d notes published last"
                                    .formatted(
                                            past.videoShare().share() * 100,
                                            past.videoShare().of()));
        }
        if (!inputs.work().refreshes().isPlanned()) {
            notKnown.add(
                    "which archived notes are refreshed: archive.refresh has changed, the next run plans them again");
        }
        if (inputs.group(Kind.BETTER).notes()
                        + due.stream()
                                .filter(of -> of.kind() == DueKind.FILES_ONLY)
                                .mapToLong(DueClass::notes)
                                .sum()
                > 0) {
            notKnown.add(
                    "whether the URLs of paid responses are still valid; an expired one of an earlier night takes one more call");
        }
        return notKnown;
    }
}
