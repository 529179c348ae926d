package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Search for Chinese words and emoji from a terminal. */
@ExtendWith(OutsideServers.Running.class)
class SearchCommandTests {

    @Test
    void wordsOfAnyAlphabetAreFoundAndAnUnsuitableLocaleIsReported() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.environment().put("LC_ALL", "C.UTF-8");
            practice.enqueue(20);
            practice.call("run").with(0);
            List<String> expected = archive.strings(
                    "SELECT note_id FROM note WHERE title LIKE '%🍚%' ORDER BY published_at DESC, note_id DESC");
            assertThat(expected).isNotEmpty();

            List<String> found =
                    practice.call("search", "🍚").with(0).out().lines().skip(1).toList();
            Ended misread = practice.end(practice.startWith(Map.of("LC_ALL", "C"), "search", "云"))
                    .with(2);

            assertThat(found.subList(0, expected.size()))
                    .zipSatisfy(
                            expected,
                            (line, id) -> assertThat(line).contains(id).contains("一个人也要好好吃饭🍚"));
            assertThat(found.getLast()).isEqualTo(expected.size() + (expected.size() == 1 ? " note" : " notes"));
            assertThat(misread.message()).contains("in this locale Java reads arguments as", "LC_ALL=C.UTF-8");
        }
    }
}
