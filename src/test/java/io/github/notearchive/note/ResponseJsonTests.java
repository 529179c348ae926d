package io.github.notearchive.note;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ResponseJsonTests {

    @Test
    void everyKindOfValueIsKept() {
        String body = "{\"a\":[1,-137728697860969105,1.50,\"x\\ud83d\\u0000\",true,false,null,{},[]],\"b\":{\"c\":7}}";

        assertThat(read(body)).hasToString(body.replace("\\ud83d", "\ud83d"));
    }

    /** Exponents are as PostgreSQL writes them in {@code jsonb}, from which responses are read again. */
    @ParameterizedTest
    @CsvSource(
            delimiterString = "=>",
            quoteCharacter = '~',
            value = {
                "{\"code\":0,\"code\":301} => {\"code\":301}",
                "{\"a\":1}} => {\"a\":1}",
                "{\"a\":1}{} => {\"a\":1}",
                "{\"a\":1} <!-- 7 ms --> => {\"a\":1}",
                "{\"a\":1}\u0000 => {\"a\":1}",
                "{\"a\":NaN,\"b\":[Infinity,-Infinity]} => {\"a\":\"NaN\",\"b\":[\"Infinity\",\"-Infinity\"]}",
                "[1.2345678E7,1e3,-1.50e2,0E0] => [12345678,1000,-150,0]",
                "[1e999999999,-1e999999999,1e-999999999] => [\"1e999999999\",\"-1e999999999\",\"1e-999999999\"]",
                "[1e99999999999999999999,1.5e-99999999999,1e1001] =>"
                        + " [\"1e99999999999999999999\",\"1.5e-99999999999\",\"1e1001\"]"
            })
    void theFirstObjectIsReadTolerantly(String body, String tree) {
        boolean isList = body.startsWith("[");

        assertThat(read(isList ? "{\"n\":" + body + "}" : body)).hasToString(isList ? "{\"n\":" + tree + "}" : tree);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "7",
                "{",
                "{\"a\":",
                "{\"a\":1",
                "{\"a\":[1}",
                "{\"a\":nan}",
                "{'a':1}",
                "<html>"
            })
    void bodyWithoutAnObjectIsUnreadable(String body) {
        assertThat(ResponseJson.read(body)).isEmpty();
        assertThat(ResponseJson.read(body.getBytes(UTF_8))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 198, 199, 200, 2_000, 100_000})
    void valueNestedTooDeeplyIsLeftOut(int levels) {
        String lists = "[".repeat(levels) + "]".repeat(levels);
        String objects = "{\"a\":".repeat(levels) + "0" + "}".repeat(levels);

        JsonNode root = read("{\"x\":" + lists + ",\"y\":" + objects + ",\"code\":0}");

        assertThat(root.path("code").intValue()).isZero();
        assertThat(depth(root.path("x"))).isEqualTo(Math.min(levels, ResponseJson.MOST_LEVELS - 1));
        assertThat(depth(root.path("y"))).isEqualTo(Math.min(levels, ResponseJson.MOST_LEVELS - 1));
        assertThat(root.toString().contains(ResponseJson.LEFT_OUT)).isEqualTo(levels >= ResponseJson.MOST_LEVELS);
    }

    @Test
    void nestingBeyondAllBoundsIsUnreadable() {
        int levels = ResponseJson.MOST_LEVELS_SKIPPED + 1;

        assertThat(ResponseJson.read("{\"x\":" + "[".repeat(levels) + "]".repeat(levels) + "}"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "{}", "[]", "\"\"", "{\"x\":[]}", "[[],[]]"})
    void longListIsCutAndTheRestIsRead(String value) {
        String many = (value + ",").repeat(ResponseJson.MOST_VALUES);

        JsonNode root = read("{\"data\":[{\"new\":["
                + many
                + value
                + "],\"id\":\"i\",\"list\":[{\"b\":1}]},{\"id\":\"j\"}],\"code\":0}");

        assertThat(root.path("code").intValue()).isZero();
        assertThat(root.path("data").path(0).path("id").stringValue()).isEqualTo("i");
        assertThat(root.path("data").path(0).path("list").path(0).path("b").intValue())
                .isOne();
        assertThat(root.path("data").path(1).path("id").stringValue()).isEqualTo("j");
        assertThat(root.path("data").path(0).path("new").size()).isEqualTo(ResponseJson.LONGEST_LIST);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"b\":1}", "[1]", "{\"b\":{\"c\":[1]}}"})
    void bodyOfTooManyValuesKeepsItsScalars(String value) {
        String many = (value + ",").repeat(ResponseJson.MOST_VALUES);

        JsonNode root = read("{\"data\":[" + many + value + "],\"a\":{\"b\":1},\"code\":0}");

        assertThat(root.path("code").intValue()).isZero();
        assertThat(root.path("data").size()).isLessThan(ResponseJson.MOST_VALUES);
    }

    @Test
    void objectOfTooManyKeysIsBounded() {
        StringBuilder keys = new StringBuilder();
        for (int i = 0; i < 2 * ResponseJson.MOST_VALUES; i++) {
            keys.append("\"k").append(i).append("\":[],");
        }

        JsonNode root = read("{\"data\":{" + keys + "\"z\":1},\"code\":0," + keys + "\"z\":1}");

        assertThat(root.path("code").intValue()).isZero();
        assertThat(root.size() + root.path("data").size())
                .isLessThanOrEqualTo(ResponseJson.MOST_VALUES + ResponseJson.LONGEST_LIST);
    }

    @ParameterizedTest
    @CsvSource({"1e999", "1e-999", "1E+999", "1.25", "-0.0"})
    void decimalNumbersKeepTheirDigits(String number) {
        assertThat(read("{\"n\":" + number + "}").path("n").decimalValue()).isEqualByComparingTo(number);
    }

    @Test
    void longIntegersKeepTheirDigitsAndEndlessOnesAreTexts() {
        String thousand = "9".repeat(1_000);
        String million = "9".repeat(1_000_000);

        JsonNode root = read("{\"a\":" + thousand + ",\"b\":" + million + ",\"c\":0." + million + "}");

        assertThat(root.path("a").bigIntegerValue()).isEqualTo(new BigInteger(thousand));
        assertThat(root.path("b").stringValue()).isEqualTo(million);
        assertThat(root.path("c").stringValue()).isEqualTo("0." + million);
    }

    @Test
    void longNamesAndTextsAreKept() {
        String endless = "x".repeat(5_000_000);

        JsonNode root = read("{\"" + endless + "\":\"" + endless + "\"}");

        assertThat(root.path(endless).stringValue()).isEqualTo(endless);
    }

    private static JsonNode read(String body) {
        return ResponseJson.read(body.getBytes(UTF_8)).orElseThrow();
    }

    private static int depth(JsonNode node) {
        int depth = 0;
        for (JsonNode at = node;
                at.isContainer();
                at = at.isEmpty() ? at.path(0) : at.iterator().next()) {
            depth++;
        }
        return depth;
    }
}
