package io.github.notearchive.acceptance;

import static io.github.notearchive.acceptance.Practice.WORKERS;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A moment at which the program is killed, and how it is reached from outside: a server holds its response, a proxy
 * holds a request, or a trap or lock in the database holds a statement. Each point asserts by rows, objects and
 * provider that the program has reached it.
 */
final class KillPoint {

    /** Asserts what is visible at the moment. */
    interface Check {
        void check(Scene scene, Archive archive) throws Exception;
    }

    /** An action of the test. */
    interface Step {
        void run(Scene scene) throws Exception;
    }

    /** Kills the program at the moment and returns what was visible, for the table. */
    interface Strike {
        String strike(Scene scene) throws Exception;
    }

    final String name;
    final String moment;

    /** What holds the program at the moment. */
    String means = "";

    Strike strike = _ -> "";

    /** Number of notes on the worklist before the kill; 0 if there is no archive. */
    int notesBefore = 30;

    /** Number of calls that may remain without response. */
    int billingUnknown;

    /** Whether notes are charged with an attempt before the kill. */
    boolean chargesNotes;

    Step prepare = _ -> {};

    /** What the operator repeats before the next run. */
    Step repeat = _ -> {};

    private final Map<Place, String> unreachable = new EnumMap<>(Place.class);
    private final List<Check> checks = new ArrayList<>();
    private Check after = (_, _) -> {};
    private String seen = "";

    private KillPoint(String name, String moment) {
        this.name = name;
        this.moment = moment;
    }

    static KillPoint of(String name, String moment) {
        return new KillPoint(name, moment);
    }

    KillPoint by(String description, Strike action) {
        means = description;
        strike = action;
        return this;
    }

    /** A trap holds this many statements of a run. */
    KillPoint trapped(Trap trap, int statements) {
        return trapped(trap, statements, "run");
    }

    KillPoint trapped(Trap trap, int statements, String... command) {
        return by(trap.description(), scene -> {
            scene.killTrapped(trap, statements, archive -> assertReached(scene, archive), command);
            return seen;
        });
    }

    /** A server or proxy holds requests or responses of a run. */
    KillPoint held(String description, Step hold, Step await) {
        return by(description, scene -> {
            hold.run(scene);
            Program run = scene.practice().start("run");
            await.run(scene);
            try (Archive archive = scene.practice().beside(run)) {
                assertReached(scene, archive);
                scene.kill(run);
            }
            scene.settle();
            try (Archive archive = scene.practice().look()) {
                after.check(scene, archive);
            }
            return seen;
        });
    }

    private void assertReached(Scene scene, Archive archive) throws Exception {
        for (Check check : checks) {
            check.check(scene, archive);
        }
    }

    /** Sets what is visible at the moment, for the table. */
    KillPoint seen(String words) {
        seen = words;
        return this;
    }

    /** At the moment the query returns this number. */
    KillPoint where(String sql, long number) {
        return where((_, archive) -> Scene.awaitNumber(archive, sql, number));
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

    KillPoint withoutArchive() {
        notesBefore = 0;
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

    KillPoint unreachableOn(Place place, String reason) {
        unreachable.put(place, reason);
        return this;
    }

    /** Returns why the moment cannot be reached with such servers; empty if it can. */
    String whyNot(Place place) {
        return unreachable.getOrDefault(place, "");
    }

    @Override
    public String toString() {
        return name;
    }
}
