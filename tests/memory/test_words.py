"""What may be remembered: sentences about the user, and nothing that they did not say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kaikou.memory.builtin.facts import statement
from kaikou.memory.builtin.summary import shortened
from kaikou.memory.certain import certain
from kaikou.memory.changes import borne_out, changed, shared
from kaikou.memory.grounding import alike, grounded, neutral
from kaikou.memory.lines import Line, about_others, candidates, statements
from kaikou.memory.ports import Turn


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("The user's name is Anna.", "Hi, my name is Anna."),
        ("The user lives in Leeds with two cats.", "I'm living in Leeds with my two cats."),
        ("The user has 2 cats.", "I have two cats."),
        ("用户叫小明。", "你好，我叫小明。"),
        ("用户住在杭州，养了一只猫。", "我住在杭州，养了一只猫"),
        ("The user doesn't eat meat.", "I don't eat meat."),
    ],
)
def test_what_was_said_is_grounded(fact: str, said: str) -> None:
    assert grounded(fact, said)


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("The user's name is Bob.", "Hi, my name is Anna."),
        ("The user lives in Leeds, England.", "I live in Leeds."),
        ("The user has 3 cats.", "I have two cats."),
        ("The user likes coffee.", "I don't like coffee."),
        ("The user dislikes nothing about coffee.", "I like coffee."),
        ("用户是医生。", "我住在杭州。"),
        ("The user likes jokes.", "Tell me some jokes."),
        ("The user is a teacher.", "I used to be a teacher."),
        ("Tom has two dogs.", "I have two dogs."),
        ("用户喜欢咖啡。", "我不喜欢咖啡。"),
        ("The user is a retired engineer who travels often.", "I am an engineer."),
    ],
)
def test_what_was_added_is_not(fact: str, said: str) -> None:
    assert not grounded(fact, said)


def test_the_models_wording_stands_only_where_it_adds_nothing() -> None:
    line = Line("My name is Anna.", "conv")
    assert statement(line, "The user's name is Anna.") == "The user's name is Anna."
    assert statement(line, "The user's name is Anna Karenina.") == "“My name is Anna.”"
    assert statement(Line("我叫小明。", "conv"), "The user is 小明.") == "“我叫小明。”"
    assert statement(Line("我用Python写代码。", "conv"), "用户用Python写代码。") == "用户用Python写代码。"
    lucy = Line("My daughter Lucy turns six.", "conv")
    assert statement(lucy, "Lucy turns six.") == "“My daughter Lucy turns six.”"
    assert statement(line, "Anna.") == "“My name is Anna.”"
    assert statement(line, "") == "“My name is Anna.”"
    assert statement(Line("Anna.", "conv", "What's your name?"), "") == "“What's your name? – Anna.”"


def turn(said: str, answered: str = "I see.") -> Turn:
    return Turn(said, answered, datetime.now(UTC), "conv")


def test_only_sentences_about_the_user_are_looked_at() -> None:
    turns = [
        turn("Hello there. I live in Leeds. What's the weather like? Do I need an umbrella?"),
        turn("Tell a joke.", "How old are you?"),
        turn("Thirty four."),
        turn("今天天气怎么样？我叫小明。讲个笑话吧"),
    ]
    found = [(one.said, one.question) for one in candidates(turns)]
    assert found == [("I live in Leeds.", ""), ("Thirty four.", "How old are you?"), ("我叫小明。", "")]


def test_what_holds_for_the_moment_is_left_out_but_for_what_is_certain() -> None:
    turns = [turn("I'm tired today. Today I want you to call me Al."), turn("我现在很忙。我叫小明。")]
    assert [one.said for one in candidates(turns)] == ["Today I want you to call me Al.", "我叫小明。"]


@pytest.mark.parametrize(
    ("said", "stated"),
    [
        ("My name is Anna and I live in Leeds.", ["My name is Anna", "I live in Leeds."]),
        ("你好，我叫李明，住在成都。", ["我叫李明", "住在成都。"]),
        ("I never drink coffee, is there anything else?", ["I never drink coffee"]),
        ("我从来不喝咖啡，还有别的办法吗？", ["我从来不喝咖啡"]),
        ("If I live in Leeds, do I need an umbrella?", []),
        ("Can I bring my dog, or is that too much?", []),
        ("My brother has two dogs and a boat.", ["My brother has two dogs and a boat."]),
        ("It rains.", []),
    ],
)
def test_each_thing_that_a_sentence_states(said: str, stated: list[str]) -> None:
    assert list(statements(said)) == stated


def test_moods_are_left_out() -> None:
    said = "I'm getting tired now. I had a terrible night. 我有点困了。我昨晚没睡好。"
    assert candidates([turn(said)]) == []
    assert len(candidates([turn("I'm a tired old teacher. 我是老师。")])) == 2


def test_nobody_is_given_a_sex() -> None:
    assert neutral("She likes her job.", "I like my job.") == "The user likes their job."
    assert neutral("Anna loves him.", "My brother is ill. I love him.") == "Anna loves him."
    assert neutral("她的女儿六岁。", "我女儿六岁。") == "用户的女儿六岁。"


@pytest.mark.parametrize(
    ("new", "old", "same"),
    [
        ("I gave up coffee.", "The user likes coffee with milk in the morning.", True),
        ("I stopped playing chess.", "The user plays chess on Fridays.", True),
        ("I don't eat pizza any more.", "The user's favourite food is pizza.", True),
        ("我把咖啡戒了。", "用户早上喜欢喝咖啡。", True),
        ("我也不下象棋了。", "“我每周五下象棋。”", True),
        ("I gave up coffee.", "The user drinks tea in the morning.", False),
        ("我现在不吃辣了。", "用户现在不喝酒。", False),
    ],
)
def test_what_was_given_up_is_what_both_name(new: str, old: str, same: bool) -> None:
    assert changed(new) and bool(shared(new, old)) is same


def test_a_topic_of_which_there_is_one_has_to_be_borne_out() -> None:
    assert borne_out("home", "I live in Leeds.") and borne_out("name", "我叫陈刚") and borne_out("likes", "x")
    assert not borne_out("home", "我每周五下象棋。") and not borne_out("age", "I like tea.")
    assert not changed("I stopped to think.") and not changed("I like tea.")


@pytest.mark.parametrize(
    ("sentence", "topic"),
    [
        ("Hi, my name is Anna.", "name"),
        ("我叫小明。", "name"),
        ("I'm badly allergic to nuts.", "health"),
        ("我对花生过敏。", "health"),
        ("Please remember that the key is under the mat.", "wish"),
        ("记住我的车停在三楼。", "wish"),
        ("I remember when we met.", ""),
        ("I like tea.", "likes"),
        ("I like that.", ""),
        ("我从来不喝咖啡", "dislikes"),
        ("I'm a nurse at the hospital.", "work"),
        ("I'm a bit tired.", ""),
        ("我以前是老师，那时候轻松多了。", "work"),
        ("Hello, Priya here.", "name"),
        ("I have a cat called Mia now.", "pets"),
        ("我养了一只狗叫豆豆。", "pets"),
        ("By the way, I gave up coffee.", "dislikes"),
        ("I gave it up.", ""),
        ("我把咖啡戒了。", "dislikes"),
        ("我也不下象棋了。", "dislikes"),
        ("我不知道了。", ""),
        ("我现在只喝绿茶。", "likes"),
        ("We moved to Cardiff last week.", "home"),
        ("我们上个月搬到苏州了。", "home"),
        ("我换工作了，现在在重庆当老师。", "work"),
    ],
)
def test_what_is_certain(sentence: str, topic: str) -> None:
    assert certain(sentence) == topic


@pytest.mark.parametrize(
    ("sentence", "others"),
    [
        ("My sister's name is Mary.", True),
        ("My name is Mary.", False),
        ("我妈妈叫王芳。", True),
        ("我叫王芳。", False),
        ("My best friend lives in York.", True),
    ],
)
def test_whom_a_sentence_is_about(sentence: str, others: bool) -> None:
    assert about_others(sentence) is others


def test_how_alike_statements_are() -> None:
    assert alike("I have two cats.", "The user has 3 cats.") == 1.0
    assert alike("I like coffee.", "The user likes tea.") == 0.0
    assert alike("我喜欢咖啡。", "用户很喜欢喝咖啡") > 0.6


def test_a_summary_is_cut_from_its_beginning() -> None:
    assert shortened(["a" * 500, "b" * 500, "c" * 300]) == f"{'b' * 500} {'c' * 300}"
