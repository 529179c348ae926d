package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The command that forgets, killed where it matters, is finished by the next one. */
@ExtendWith(OutsideServers.Running.class)
class ForgetCommandTests {

    private static final String UNUSED =
            "SELECT count(*) FROM media_object o WHERE NOT EXISTS (SELECT 1 FROM note_media m WHERE m.sha256 = o.sha256)";

    @Test
    void killedBetweenItsStepsItLeavesNothingThatLooksWholeAndTheNextOneFinishesIt() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.enqueue(12);
            practice.call("run").with(0);
            String note = archive.strings("""
                                    SELECT note_id FROM note_media WHERE state = 'STORED'
                                    GROUP BY note_id ORDER BY count(DISTINCT sha256) DESC LIMIT 1
                                    """).getFirst();
            String other = archive.strings("SELECT note_id FROM note WHERE note_id <> ? LIMIT 1", note)
                    .getFirst();
            int calls = practice.provider().calls();
            var before = archive.objects("");

            Ended shown = practice.call("forget", note).with(0);
            assertThat(shown.out()).contains("Would be forgotten: 1 note (nothing was changed; --yes does it)");
            assertThat(archive.objects("")).isEqualTo(before);
            archive.assertNumber("SELECT count(*) FROM forgotten_note", 0);

            practice.killTrapped(Trap.before("DELETE ON note_media", "true"), _ -> {}, "forget", note, "--yes");
            assertThat(archive.objects("forgotten/")).hasSize(1);
            assertThat(rows(archive, "note", note)).isOne();
            assertThat(rows(archive, "worklist", note)).as("no run takes it up").isZero();
            archive.assertNumber("SELECT count(*) FROM forgotten_note WHERE finished_at IS NULL", 1);
            assertThat(practice.call("enqueue", note).with(6).err()).contains("was forgotten on");
            assertThat(practice.call("explain", note).with(2).err())
                    .contains("but not completely: repeat the same forget --yes");

            practice.killTrapped(Trap.before("DELETE ON forgotten_object", "true"), _ -> {}, "forget", note, "--yes");
            assertThat(rows(archive, "note", note)).isZero();
            assertThat(archive.number("SELECT count(*) FROM forgotten_object")).isPositive();
            assertThat(archive.objects("notes/" + note)).hasSize(1);

            practice.call("run").with(0);
            Ended done = practice.call("forget", other, "--reason", "asked for", "--yes")
                    .with(0);

            assertThat(done.out()).contains("Forgotten: 2 notes");
            assertThat(archive.objects("notes/" + note)).isEmpty();
            assertThat(archive.objects("notes/" + other)).isEmpty();
            assertThat(archive.objects("forgotten/")).hasSize(2);
            archive.assertNumber("SELECT count(*) FROM forgotten_object", 0);
            archive.assertNumber(UNUSED, 0);
            assertThat(archive.objects("media/")).hasSize((int) archive.number("SELECT count(*) FROM media_object"));
            assertThat(practice.provider().calls()).isEqualTo(calls);
            archive.assertNumber("SELECT count(*) FROM api_call", calls);
            assertThat(practice.call("verify").with(0).out()).doesNotContain("too young to be orphans");
        }
    }

    @Test
    void personWhoWasNeverSeenIsRememberedAndTheIdIsDoubted() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            String nobody = "5f0123456789abcdef012345";

            Ended preview = practice.call("forget", "--author", nobody).with(0);
            Ended done = practice.call("forget", "--author", nobody, "--yes").with(0);

            assertThat(preview.out()).contains("nothing of this person was found: check that \"" + nobody + "\"");
            assertThat(done.out())
                    .contains("nothing of this person was found: check that \"" + nobody + "\"", "It is recorded");
            archive.assertNumber("SELECT count(*) FROM forgotten_author", 1);
        }
    }

    private static long rows(Archive archive, String table, String note) {
        return archive.number("SELECT count(*) FROM " + table + " WHERE note_id = ?", note);
    }
}
