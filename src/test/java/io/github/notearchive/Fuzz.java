package io.github.notearchive;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Checks a property with generated input, each from its own seed, so that a failure can be repeated:
 * {@code -Dfuzz.seed=N -Dfuzz.tries=1} with the seed that the failure names. {@code -Dfuzz.tries} or
 * {@code -Dfuzz.seconds} extends the run.
 */
public final class Fuzz {

    /** Longer than the slowest input takes on a busy machine. */
    private static final Duration HANGS_AFTER = Duration.ofSeconds(20);

    /** Smaller than the stack of any thread of the program, since the sender of the input chooses its depth. */
    private static final int SMALL_STACK = 512 * 1024;

    private static final JsonMapper JSON = new JsonMapper();
    private static final List<String> NUMBERS = Stream.concat(
                    Stream.of("9".repeat(1_000), "9".repeat(20_000), "0." + "1".repeat(5_000)),
                    Stream.of("""
                            0 -1 1.5 2147483648 9007199254740993 9223372036854775808 -9223372036854775809 1e3 1e400 -1e-400
                            1e999999999 1e-999999999 1e99999999999999999999 1770696804 1770696804000 253402300800 99999999999
                            """.split("\\s+")))
            .toList();
    private static final List<String> TEXTS = List.of(
            ("¦ ¦\\u0000¦\\ud83d¦\\ude00\\ud83d¦1.2万¦10万+¦999999999999999.999999亿¦true¦NaN¦error¦video¦normal¦{not json"
                            + "¦{\\\"note_sound_info\\\":{\\\"url\\\":7}}"
                            + "¦{\\\"note_sound_info\\\":{\\\"url\\\":\\\"http://c/a.mp3\\\",\\\"sound_id\\\":{}}}"
                            + "¦http://c/a?x#y!z¦//sns.xhscdn.com/a|b¦?¦#¦/¦66aa00000000000000000002¦token=abc"
                            + "¦\\r\\n\\t\\u001b¦\\u202e\\ufeff\\uffff")
                    .split("¦"));

    private Fuzz() {}

    /** Property of generated input. Throws if it does not hold. */
    @FunctionalInterface
    public interface Property {
        void holds(Random random) throws Exception;
    }

    /** Checks the property this many times, or as the system properties specify. */
    public static void tries(int usual, Property property) throws Exception {
        long first = Long.getLong("fuzz.seed", 1);
        long seconds = Long.getLong("fuzz.seconds", 0);
        long tries = seconds > 0 ? Long.MAX_VALUE : Long.getLong("fuzz.tries", usual);
        long begun = System.nanoTime();
        AtomicLong seed = new AtomicLong(first);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Runnable loop = () -> {
            while (seed.get() - first < tries
                    && (seconds == 0 || System.nanoTime() - begun < seconds * 1_000_000_000L)) {
                try {
                    property.holds(new Random(seed.get()));
                } catch (Throwable e) {
                    failure.set(e);
                    return;
                }
                seed.incrementAndGet();
            }
        };
        Thread thread = new Thread(null, loop, "fuzz", SMALL_STACK);
        thread.setDaemon(true);
        thread.start();
        long seen = seed.get();
        while (!thread.join(HANGS_AFTER)) {
            if (seed.get() == seen) {
                AssertionError hangs = new AssertionError("hangs with -Dfuzz.seed=" + seen);
                hangs.setStackTrace(thread.getStackTrace());
                throw hangs;
            }
            seen = seed.get();
        }
        if (failure.get() != null) {
            throw new AssertionError("fails with -Dfuzz.seed=" + seed, failure.get());
        }
        if (seconds > 0 || Long.getLong("fuzz.tries") != null) {
            System.out.printf("%,d tries in %d s%n", seed.get() - first, (System.nanoTime() - begun) / 1_000_000_000L);
        }
    }

    public static <T> T oneOf(Random random, List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /** Any bytes. */
    public static byte[] bytes(Random random) {
        byte[] bytes = new byte[random.nextInt(2_000)];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Returns pieces in any order, some repeatedly. */
    public static String pieces(Random random, List<String> pieces) {
        StringBuilder text = new StringBuilder();
        for (int count = 1 + random.nextInt(12); count > 0; count--) {
            text.append(
                    random.nextInt(20) == 0
                            ? Character.toString(random.nextInt(Character.MAX_CODE_POINT))
                            : oneOf(random, pieces));
        }
        return text.toString();
    }

    /** Returns a text with characters and parts changed, removed or doubled. */
    public static String changed(Random random, String text) {
        StringBuilder changed = new StringBuilder(text);
        for (int count = random.nextInt(4); count > 0 && !changed.isEmpty(); count--) {
            int at = random.nextInt(changed.length());
            int to = Math.min(changed.length(), at + random.nextInt(10));
            switch (random.nextInt(4)) {
                case 0 -> changed.setCharAt(at, (char) random.nextInt(0x250));
                case 1 -> changed.insert(at, (char) random.nextInt(0x10000));
                case 2 -> changed.delete(at, to);
                default -> changed.insert(at, changed.substring(at, to));
            }
        }
        return changed.toString();
    }

    /** Returns the body of a response with changed values and bytes. */
    public static byte[] invalidResponse(Random random, String answer) {
        byte[] bytes = oddResponse(random, answer).getBytes(StandardCharsets.UTF_8);
        for (int count = random.nextInt(4); count > 0 && bytes.length > 0; count--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes = random.nextInt(4) == 0 ? Arrays.copyOf(bytes, at) : bytes;
                default -> bytes = spliced(random, bytes, at);
            }
        }
        return bytes;
    }

    private static byte[] spliced(Random random, byte[] bytes, int at) {
        int from = random.nextInt(bytes.length);
        int length = Math.min(bytes.length - from, random.nextInt(50));
        byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
        System.arraycopy(bytes, at, longer, at + length, bytes.length - at);
        System.arraycopy(bytes, from, longer, at, length);
        return longer;
    }

    /** Returns a well-formed JSON response with some unusual values. */
    public static String oddResponse(Random random, String answer) {
        JsonNode root = JSON.readTree(answer);
        List<JsonNode> containers = new ArrayList<>();
        collect(root, containers);
        List<String> raw = new ArrayList<>();
        for (int count = random.nextInt(8); count > 0; count--) {
            String mark = "@@" + raw.size() + "@@";
            raw.add(value(random, 3));
            JsonNode container = oneOf(random, containers);
            if (container instanceof ArrayNode array) {
                if (array.isEmpty() || random.nextInt(3) == 0) {
                    array.add(mark);
                } else {
                    array.set(random.nextInt(array.size()), mark);
                }
            } else if (container instanceof ObjectNode object && !object.isEmpty()) {
                String name = oneOf(random, List.copyOf(object.propertyNames()));
                if (random.nextInt(4) == 0) {
                    object.remove(name);
                } else {
                    object.put(name, mark);
                }
            }
        }
        String text = root.toString();
        for (int i = 0; i < raw.size(); i++) {
            text = text.replace("\"@@" + i + "@@\"", raw.get(i));
        }
        return text;
    }

    private static void collect(JsonNode node, List<JsonNode> containers) {
        if (node.isContainer()) {
            containers.add(node);
            node.forEach(child -> collect(child, containers));
        }
    }

    /** Returns a JSON value, mostly an unusual one. */
    private static String value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 10 : 5)) {
            case 0 -> "null";
            case 1 -> String.valueOf(random.nextBoolean());
            case 2 -> oneOf(random, NUMBERS);
            case 3, 4 -> '"' + text(random) + '"';
            case 5 -> {
                int levels = deep(random);
                yield random.nextBoolean()
                        ? "[".repeat(levels) + "]".repeat(levels)
                        : "{\"a\":".repeat(levels) + "0" + "}".repeat(levels);
            }
            case 6, 7 -> {
                List<String> elements = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    elements.add(value(random, depth - 1));
                }
                yield "[" + String.join(",", elements) + "]";
            }
            default -> {
                List<String> properties = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    String name = random.nextInt(4) == 0
                            ? text(random)
                            : oneOf(random, List.of("id", "url", "name", "code", "size"));
                    properties.add('"' + name + "\":" + value(random, depth - 1));
                }
                yield "{" + String.join(",", properties) + "}";
            }
        };
    }

    private static int deep(Random random) {
        return 1 + random.nextInt(random.nextInt(50) == 0 ? 120_000 : 600);
    }

    private static String text(Random random) {
        return random.nextInt(8) == 0 ? "x好".repeat(random.nextInt(20_000)) : oneOf(random, TEXTS);
    }
}
