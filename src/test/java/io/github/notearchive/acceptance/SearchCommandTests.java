package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a night has archived is found by its words, from a terminal. */
@ExtendWith(OutsideServers.Running.class)
class SearchCommandTests {

    @Test
    void notesAreFoundByWordsOfOneCharacterAndMore() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            practice.environment().put("LC_ALL", "C.UTF-8");
            practice.enqueue(20);
            practice.call("run").with(0);
            List<String> withRice;
            List<String> withCloud;
            try (Archive archive = practice.look()) {
                withRice = archive.strings(
                        "SELECT note_id FROM note WHERE title LIKE '%🍚%' ORDER BY published_at DESC, note_id DESC");
                withCloud = archive.strings(
                        "SELECT note_id FROM note WHERE title = '今天的云像一床被子' ORDER BY published_at DESC, note_id DESC");
            }
            assertThat(withRice).isNotEmpty();
            assertThat(withCloud).isNotEmpty();

            String found = practice.call("search", "🍚").with(0).out();
            JsonNode json = JsonMapper.builder()
                    .build()
                    .readTree(practice.call("search", "云像", "被子", "--limit", "1", "--json")
                            .with(0)
                            .out());
            String none = practice.call("search", "云被").with(0).out();
            String misread = practice.end(practice.startWith(Map.of("LC_ALL", "C"), "search", "云"))
                    .with(2)
                    .message();

            assertThat(found.lines().skip(1).limit(withRice.size()).toList())
                    .zipSatisfy(
                            withRice,
                            (line, id) -> assertThat(line).contains(id).contains("一个人也要好好吃饭🍚"));
            assertThat(found.lines().skip(1 + withRice.size()))
                    .containsExactly(withRice.size() + (withRice.size() == 1 ? " note" : " notes"));
            assertThat(json.at("/notes")).hasSize(1);
            assertThat(json.at("/notes/0/noteId").stringValue()).isEqualTo(withCloud.getFirst());
            assertThat(json.at("/notes/0/title").stringValue()).isEqualTo("今天的云像一床被子");
            assertThat(none).isEqualTo("No archived note holds \"云被\"\n");
            assertThat(misread).contains("in this locale Java reads arguments as", "LC_ALL=C.UTF-8");
        }
    }
}
