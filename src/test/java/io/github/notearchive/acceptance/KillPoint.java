package io.github.notearchive.acceptance;

import static io.github.notearchive.acceptance.Practice.WORKERS;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A moment at which the program is killed, and how it is reached from outside: a server holds its response, a proxy
 * holds a request, or a trap or lock in the database holds a statement. Each point asserts by rows, objects and
 * provider that the program has reached it.
 */
final class KillPoint {

    /** Asserts what is visible at the moment. */
    interface Check {
        void check(Practice night, Archive archive) throws Exception;
    }

    /** An action of the test. */
    interface Step {
        void run(Practice night) throws Exception;
    }

    final String name;
    final String moment;

    /** Kills the program at the moment. */
    Step strike = _ -> {};

    /** Number of notes on the worklist before the kill; 0 if there is no archive. */
    int notesBefore = 30;

    /** Number of calls that may remain without response. */
    int billingUnknown;

    /** Whether notes are charged with an attempt before the kill. */
    boolean chargesNotes;

    Step prepare = _ -> {};

    /** What the operator repeats before the next run. */
    Step repeat = _ -> {};

    @Nullable
    Place unreachable;

    private final List<Check> checks = new ArrayList<>();
    private Check after = (_, _) -> {};

    KillPoint(String name, String moment) {
        this.name = name;
        this.moment = moment;
    }

    KillPoint by(Step action) {
        strike = action;
        return this;
    }

    /** A trap holds a statement of a command; of a run if none is given. */
    KillPoint trapped(Trap trap, String... command) {
        String[] started = command.length == 0 ? new String[] {"run"} : command;
        return by(night -> night.killTrapped(trap, archive -> assertReached(night, archive), started));
    }

    /** A server or proxy holds requests or responses of a run. */
    KillPoint held(Step hold, Step await) {
        return by(night -> {
            hold.run(night);
            Program run = night.start("run");
            await.run(night);
            try (Archive archive = night.beside(run)) {
                assertReached(night, archive);
                run.killRunning();
            }
            night.settle();
            try (Archive archive = night.look()) {
                after.check(night, archive);
            }
        });
    }

    private void assertReached(Practice night, Archive archive) throws Exception {
        for (Check check : checks) {
            check.check(night, archive);
        }
    }

    /** At the moment the query returns this number. */
    KillPoint where(String sql, long number) {
        return where((_, archive) -> archive.awaitNumber(sql, number));
    }

    KillPoint where(Check check) {
        checks.add(check);
        return this;
    }

    /** Asserts what is stored after the kill. */
    KillPoint after(Check check) {
        after = check;
        return this;
    }

    /** The calls of all workers may remain without response. */
    KillPoint leavesCallsUnanswered() {
        billingUnknown = WORKERS;
        return this;
    }

    KillPoint ofNotes(int notes) {
        notesBefore = notes;
        return this;
    }

    KillPoint chargingNotes() {
        chargesNotes = true;
        return this;
    }

    KillPoint preparedBy(Step step) {
        prepare = step;
        return this;
    }

    KillPoint repeatedBy(Step step) {
        repeat = step;
        return this;
    }

    KillPoint unreachableOn(Place place) {
        unreachable = place;
        return this;
    }

    @Override
    public String toString() {
        return name;
    }
}
