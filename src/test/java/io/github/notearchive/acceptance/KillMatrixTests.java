package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.sandbox.SandboxSettings;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * After a kill at any named moment, on either kind of servers, the program completes the night when it is started
 * again: nothing is lost, stuck, doubled or bought twice.
 *
 * <p>{@code -Dkills.points=CLAIMED,SPOOLED} tries these only.
 */
@ExtendWith(OutsideServers.Running.class)
class KillMatrixTests {

    private static final SandboxSettings LATENT =
            new SandboxSettings(1, SandboxSettings.UNLIMITED, Duration.ofMillis(20), Map.of(), false);
    private static final Matrix MATRIX = new Matrix("kills", "killed when", "servers", "exit codes after", "took");

    static Stream<Arguments> pointsAndPlaces() {
        String wanted = System.getProperty("kills.points", "");
        return KillPoints.all().stream()
                .filter(point -> wanted.isEmpty() || List.of(wanted.split(",")).contains(point.name))
                .flatMap(point -> Arrays.stream(Place.values()).map(place -> Arguments.of(point, place)));
    }

    /** The sample of the usual build. */
    @ParameterizedTest(name = "{0} on {1} servers")
    @CsvSource({
        "REQUEST_SENT, EMBEDDED",
        "ANSWER_KEPT, OUTSIDE",
        "DATABASE_SILENT, OUTSIDE",
        "ANSWER_DURABLE, EMBEDDED",
        "COMMITTING, OUTSIDE",
        "ENQUEUE, OUTSIDE"
    })
    void theNightIsFinishedAfterAKillOfTheSample(String name, Place place) throws Exception {
        KillPoint point = KillPoints.all().stream()
                .filter(each -> each.name.equals(name))
                .findFirst()
                .orElseThrow();
        nightIsCompletedAfterAKillAtAnyMoment(point, place);
    }

    @Tag("matrix")
    @ParameterizedTest(name = "{0} on {1} servers")
    @MethodSource("pointsAndPlaces")
    void nightIsCompletedAfterAKillAtAnyMoment(KillPoint point, Place place) throws Exception {
        if (point.unreachable == place) {
            MATRIX.addUntried(point.moment, place.name(), "not reachable");
            return;
        }
        long began = System.nanoTime();
        boolean isEmpty = point.notesBefore == 0;
        try (Practice night = isEmpty ? Practice.beginEmpty(place, LATENT) : Practice.begin(place, LATENT)) {
            night.environment().put("ARCHIVE_MEDIA_MAXMEMORY", "0"); // a spooled file can be seen from outside
            night.ids().addAll(isEmpty ? List.of() : night.enqueue(point.notesBefore));
            point.prepare.run(night);
            night.exits().clear();

            point.strike.run(night);
            point.repeat.run(night);
            night.runToTheEnd();

            Audit audit = night.audit();
            String took = Duration.ofNanos(System.nanoTime() - began).toSeconds() + " s";
            MATRIX.add(audit, point.moment, place.name(), night.exits().toString(), took);
            audit.isClean(point.billingUnknown);
            if (point.name.startsWith("LOG_")) {
                night.call("verify").with(0);
            }
            try (Archive archive = night.look()) {
                assertThat(archive.number("SELECT count(*) FROM log_entry WHERE position IS NULL")
                                + archive.number("SELECT count(*) FROM log_checkpoint WHERE signed_text IS NULL"))
                        .as("what the log of captures lacks")
                        .isZero();
                assertThat(archive.number("SELECT count(DISTINCT (note_id, captured_at)) FROM log_entry"))
                        .isEqualTo(archive.number("SELECT count(*) FROM note_capture"));
                assertThat(archive.counted().isEmpty())
                        .as("no note is charged with an attempt")
                        .isEqualTo(!point.chargesNotes);
            }
        }
    }
}
