package io.github.notearchive.acceptance;

import static io.github.notearchive.acceptance.Practice.WORKERS;

import java.util.EnumMap;
import java.util.Map;

/**
 * A moment at which the program is killed, and how it is reached from outside: a server holds its response, a proxy
 * holds a request, or a trap or lock in the database holds a statement. Each point asserts by rows, objects and
 * provider that the program has reached it.
 */
final class KillPoint {

    /** Number of notes on the worklist before most kills. */
    static final int NOTES = 30;

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

    private final String name;
    private final String moment;
    private final String means;
    private final Strike strike;
    private final Map<Place, String> unreachable = new EnumMap<>(Place.class);
    private int notesBefore = NOTES;
    private int billingUnknown;
    private Step prepare = _ -> {};
    private Step repeat = _ -> {};

    private KillPoint(String name, String moment, String means, Strike strike) {
        this.name = name;
        this.moment = moment;
        this.means = means;
        this.strike = strike;
    }

    static KillPoint of(String name, String moment, String means, Strike strike) {
        return new KillPoint(name, moment, means, strike);
    }

    /**
     * A moment at which a trap holds statements of a command.
     *
     * @param statements number of held statements to wait for
     */
    static KillPoint trapped(
            String name, String moment, Trap trap, int statements, String seen, Check check, String... command) {
        return of(name, moment, trap.description(), scene -> {
            scene.killTrapped(trap, statements, archive -> check.check(scene, archive), command);
            return seen;
        });
    }

    /** A moment of a run at which a server or proxy holds what {@code hold} selects. */
    static KillPoint held(
            String name, String moment, String means, Step hold, Step await, String seen, Check check, Check after) {
        return of(name, moment, means, scene -> {
            hold.run(scene);
            Program run = scene.practice().start("run");
            await.run(scene);
            try (Archive archive = scene.practice().beside(run)) {
                check.check(scene, archive);
                scene.kill(run);
            }
            scene.settle();
            try (Archive archive = scene.practice().look()) {
                after.check(scene, archive);
            }
            return seen;
        });
    }

    /** The calls of all workers may remain without response. */
    KillPoint leavesCallsUnanswered() {
        billingUnknown = WORKERS;
        return this;
    }

    /** The program is killed before there is an archive. */
    KillPoint withoutArchive() {
        notesBefore = 0;
        return this;
    }

    KillPoint preparedBy(Step step) {
        prepare = step;
        return this;
    }

    /** The operator repeats the command before the next run. */
    KillPoint repeatedBy(Step step) {
        repeat = step;
        return this;
    }

    KillPoint unreachableOn(Place place, String reason) {
        unreachable.put(place, reason);
        return this;
    }

    String name() {
        return name;
    }

    String moment() {
        return moment;
    }

    /** Returns what holds the program at the moment. */
    String means() {
        return means;
    }

    /** Returns why the moment cannot be reached with such servers; empty if it can. */
    String whyNot(Place place) {
        return unreachable.getOrDefault(place, "");
    }

    int notesBefore() {
        return notesBefore;
    }

    /** Returns the number of calls that may remain without response. */
    int billingUnknown() {
        return billingUnknown;
    }

    void prepare(Scene scene) throws Exception {
        prepare.run(scene);
    }

    String strike(Scene scene) throws Exception {
        return strike.strike(scene);
    }

    void repeat(Scene scene) throws Exception {
        repeat.run(scene);
    }

    @Override
    public String toString() {
        return name;
    }
}
