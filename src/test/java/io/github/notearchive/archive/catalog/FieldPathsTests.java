package io.github.notearchive.archive.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.SchemaDrift.FieldPath;
import io.github.notearchive.archive.catalog.SchemaDrift.FieldPaths;
import io.github.notearchive.note.ResponseJson;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class FieldPathsTests {

    @Test
    void fieldHasAPathAndAType() {
        assertThat(unknownIn("""
                                {"code":0,"data":[{"note_list":[{"id":"x","n":1,"list":[{"a":"1"},{"a":true}]}],"beside":null}]}
                                """))
                .containsExactly(
                        "code: number",
                        "data: array",
                        "data[]: object",
                        "data[].beside: null",
                        "data[].note_list: array",
                        "note: object",
                        "note.id: string",
                        "note.list: array",
                        "note.list[]: object",
                        "note.list[].a: boolean",
                        "note.list[].a: string",
                        "note.n: number");
    }

    @Test
    void noteIsFoundInAnyWrapper() {
        assertThat(unknownIn("{\"data\":[{\"id\":\"x\",\"new\":1}]}"))
                .containsExactly("data: array", "note: object", "note.id: string", "note.new: number");
        assertThat(unknownIn("{\"data\":{\"id\":\"x\",\"new\":1}}"))
                .containsExactly("note: object", "note.id: string", "note.new: number");
        assertThat(unknownIn("{\"data\":{\"note_list\":[{\"new\":1}]}}"))
                .containsExactly("data: object", "data.note_list: array", "note: object", "note.new: number");
    }

    @Test
    void nameThatLooksLikeDataIsGeneralized() {
        String names = """
                66aa00000000000000000001,1770696804,uid_1770696804,0123456789abcdef,00000000-0000-4000-8000-000000000001,\
                1040g00831sd37bs2lk405n684dak6j4m6ekoci0,user-7f3a9c21,名字,with space,a.b,a[],,\0,naïve,emoji 🍚,https://example.org/x""";
        for (String name : names.split(",", -1)) {
            assertThat(unknownIn(new JsonMapper().writeValueAsString(Map.of("map", Map.of(name, 1)))))
                    .containsExactly("map: object", "map.*: number");
        }
    }

    @Test
    void identifierIsKept() {
        for (String name :
                "url_size_large url_8k h265 zh-CN AAC masterUrl liveFile2ndGeneration feedback_info cafe_facade"
                        .split(" ", -1)) {
            assertThat(unknownIn("{\"" + name + "\":1}")).containsExactly(name + ": number");
        }
    }

    @Test
    void depthLengthAndNumberAreBounded() {
        String deep = "{\"a\":".repeat(150) + "1" + "}".repeat(150);
        String longNames = ("{\"" + "n".repeat(59) + "\":").repeat(9) + "1" + "}".repeat(9);
        String many = IntStream.range(0, 20)
                .mapToObj(i -> "\""
                        + letters(i)
                        + "\":{"
                        + IntStream.range(0, 20)
                                .mapToObj(j -> "\"" + letters(j) + "\":1")
                                .collect(Collectors.joining(","))
                        + "}")
                .collect(Collectors.joining(",", "{", "}"));

        assertThat(unknownIn(deep)).hasSize(FieldPaths.MAX_LEVELS);
        assertThat(unknownIn(longNames)).hasSize(5);
        assertThat(unknownIn(many)).hasSize(FieldPaths.MAX_FIELDS);
    }

    @Test
    void placeholderIsNotReported() {
        String tooDeep = "{\"data\":[{\"id\":\"x\",\"a\":" + "[".repeat(500) + "]".repeat(500) + "}]}";

        assertThat(unknownIn(tooDeep)).noneMatch(field -> field.endsWith(": string") && !field.contains("id"));
    }

    private static String letters(int number) {
        return "name" + (char) ('a' + number / 26) + (char) ('a' + number % 26);
    }

    private static List<String> unknownIn(String answer) {
        return FieldPaths.unknownIn(ResponseJson.read(answer.getBytes(UTF_8)).orElseThrow(), _ -> false, _ -> false)
                .stream()
                .map(FieldPath::toString)
                .toList();
    }
}
