"""Sentences that tell a lasting fact whatever a model thinks of them: they are kept as they were said."""

from __future__ import annotations

import re

_SURE = {
    topic: re.compile(pattern, re.IGNORECASE | re.VERBOSE)
    for topic, pattern in {
        "name": r"""
            \bmy\ (?:first\ |full\ )?name(?:['’]s|\ is)\b | \b(?:please\ )?call\ me\ \w
            | ^(?:hi|hello|hey)\W+\w+\ here\b
            | 我(?:的名字)?(?:叫|是叫)""",
        "home": r"""
            \bi\ live\ (?:in|on|near)\b | \b(?:i|we)(?:['’]ve|\ have)?\ (?:just\ )?moved\ (?:to|into)\b
            | 我(?:家)?(?:现在)?住在 | ^和\w{1,8}住在 | 我们?(?:家)?\w{0,6}搬(?:到|去|进)""",
        "pets": r"""
            \b(?:i|we)(?:['’]ve|\ have)?\ (?:have|got|own|keep)\ (?:an?|two|three|\d)\ (?:\w+\ )?
            (?:dog|cat|puppy|kitten|rabbit|parrot|hamster|horse|bird)s?\b
            | 我们?(?:家)?(?:现在)?(?:养|有)了?\w{0,3}(?:猫|狗|兔|鸟|鹦鹉|仓鼠|乌龟|鱼)""",
        "work": r"""
            \bi\ (?:work\ (?:as|at|for|in)|used\ to\ (?:be|work))\b
            | \bi(?:['’]m|\ am)\ an?\ (?!bit|little|lot|fan|mess)[\w-]+ (?:\ at|\ in|\ for|\W*$)
            | 我(?:以前)?(?:是|做|当)(?:一?[名个位])?\w{0,6}(?:师|生|员|工|士|家|人)(?:\W|$)
            | \bi(?:['’]ve|\ have)?\ (?:got\ )?a\ new\ job\b
            | 我(?:现在)?在\w{1,12}(?:上班|工作|当) | 我换(?:了)?(?:个|份|新)*工作""",
        "dislikes": r"""
            \bi\ (?:really\ |just\ )?
            (?:hate|can['’]?t\ stand|never\ (?:eat|drink|smoke)|don['’]?t\ (?:eat|drink|smoke|like))\b
            (?!\ (?:it|that|this|you|your)\b)
            | \bi(?:['’]ve|\ have)?\ (?:gave|given|stopped|quit)\ (?:up\ )?(?!it\b|that\b|this\b|to\b)\w
            | 我(?:\w{0,6})?戒(?:了|掉)?
            | 我(?:也|再也|已经|现在)?(?:不|不再)(?:吃|喝|抽|玩|下|打|踢|练|学|养|爱|喜欢)\w{1,5}了
            | 我(?:从来|从|都)?不(?:吃|喝|抽) | 我(?:最|很)?(?:讨厌|不喜欢)(?![你您这那它])""",
        "likes": r"""
            \bi\ (?:really\ |just\ )?(?:love|like|enjoy|prefer)\b
            (?!\ (?:it|that|this|you|your|how|what|to\ (?:know|hear|ask))\b)
            | \bi\ (?:only\ )?(?:drink|eat)\b.{1,40}\b(?:now|these\ days|instead)\b
            | 我(?:最|很|特别|非常|超)?(?:喜欢|爱)(?![你您这那它]) | 我(?:现在)?(?:只|改)(?:喝|吃|喜欢)""",
        "health": r"\bi(?:['’]m|\ am)\ (?:\w+\ )?allergic\b | 我?(?:对.{1,12})?过敏",
        "wish": r"""
            ^(?:please\ |and\ )*remember\b(?!\ (?:when|how|what|if)) | 请?(?:帮我)?记(?:住|下|得)""",
    }.items()
}


def certain(sentence: str) -> str:
    """The topic of such a sentence: a name, a home, an allergy, a wish to have it remembered. Empty: a model
    decides."""
    return next((topic for topic, pattern in _SURE.items() if pattern.search(sentence)), "")
