package io.github.notearchive.browse;

import java.text.MessageFormat;
import java.util.Locale;
import java.util.MissingResourceException;
import java.util.ResourceBundle;

/** Texts of the pages in English or Chinese, from {@code texts.properties} and {@code texts_zh.properties}. */
@SuppressWarnings("ImmutableEnumChecker") // a bundle does not change
enum Texts {
    EN(Locale.ENGLISH),
    ZH(Locale.CHINESE);

    private final Locale locale;
    private final ResourceBundle bundle;

    Texts(Locale locale) {
        this.locale = locale;
        bundle = ResourceBundle.getBundle(
                Texts.class.getPackageName() + ".texts",
                locale,
                ResourceBundle.Control.getNoFallbackControl(ResourceBundle.Control.FORMAT_PROPERTIES));
    }

    /** Returns the texts for the value of {@code ?lang=} or of the header {@code Accept-Language}. */
    static Texts of(String language) {
        return language.toLowerCase(Locale.ROOT).startsWith("zh") ? ZH : EN;
    }

    /** Returns the value of the attribute {@code lang}. */
    String language() {
        return locale.getLanguage();
    }

    /**
     * Returns a text with its arguments in place.
     *
     * @throws MissingResourceException if there is no text with this key
     */
    String get(String key, Object... arguments) {
        return new MessageFormat(bundle.getString(key), locale).format(arguments);
    }

    boolean has(String key) {
        return bundle.containsKey(key);
    }
}
