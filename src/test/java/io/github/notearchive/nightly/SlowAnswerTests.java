package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.sandbox.Reply;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** The thirtieth kind of answer: one that comes late, or too late. A fortieth of the time. */
@BesideNightlyJobTest
@TestPropertySource(properties = {"archive.source.connect-timeout=1s", "archive.source.response-timeout=3s"})
class SlowAnswerTests {

    @Autowired
    NightlyScenario night;

    @Test
    void answerWithinTheLimit30() {
        String note = night.pending(1).getFirst();
        night.script().answers(note, Reply.normal().after(Duration.ofMillis(900)));
        var row = new AnswerRow(night, 30, "after 55 s", note, "waited for");

        row.assertHoldsForTwoNights();

        assertThat(night.bills(note)).containsExactly("YES");
    }

    @Test
    void answerBeyondTheLimit30() {
        String note = night.pending(1).getFirst();
        night.script().answers(note, Reply.normal().after(Duration.ofMillis(3_300)), Reply.normal());
        var row = new AnswerRow(
                night, 30, "after 130 s, then the note", note, "the bill of the first is unknown, and one try is lost");

        row.assertHoldsForTwoNights();

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).attempts()).isOne();
        assertThat(night.bills(note)).containsExactly("UNKNOWN", "YES");
        assertThat(night.ledger(note).getFirst().code()).isNull();
        assertThat(night.ledger(note).getFirst().receivedAt()).isNotNull();
    }
}
