package io.github.notearchive.provider;

import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Settings as the program binds them, without validation. */
public final class Settings {

    private Settings() {}

    /** Returns the defaults with some values, in pairs of name and value. */
    public static NoteSourceProperties of(Object... namesAndValues) {
        return bind("archive.source", NoteSourceProperties.class, namesAndValues);
    }

    public static VideoProperties ofVideos(Object... namesAndValues) {
        return bind("archive.video", VideoProperties.class, namesAndValues);
    }

    public static RefreshProperties ofRefreshes(Object... namesAndValues) {
        return bind("archive.refresh", RefreshProperties.class, namesAndValues);
    }

    private static <T> T bind(String prefix, Class<T> type, Object... namesAndValues) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            values.put(prefix + "." + namesAndValues[i], namesAndValues[i + 1].toString());
        }
        return new Binder(new MapConfigurationPropertySource(values)).bindOrCreate(prefix, type);
    }
}
