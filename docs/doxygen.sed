# The comments of the public headers as Doxygen wants them: those before a declaration, and those behind a member.
# Words of the field that look like commands of Doxygen (\Deleted, user@host) are words.
s#\\\([A-Za-z]\)#\\\\\1#g
s#@#\\@#g
# The first comment of a file says what the file is.
1s#^/\*$#/** @file#
s#^\( *\)/\*\( \|$\)#\1/**\2#
s#\([;,{]\) */\* #\1 /**< #
s#^\( *[A-Z][A-Z0-9_]*\) */\* #\1 /**< #
s#^\( *[A-Z][A-Z0-9_]* = [^,]*\) */\* #\1 /**< #
