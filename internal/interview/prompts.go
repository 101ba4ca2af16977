package interview

import "example.org/amparo/internal/kind"

// prompts are short reminders for each phase beyond its first words: what to say, and what
// to leave alone. They are the house's own words.
var prompts = map[string][]kind.Text{
	"preparation": {
		{"en": "Choose a quiet place that the person chose too; a way home is known.", "ko": "본인도 고른 조용한 곳인지, 돌아갈 길이 있는지 봅니다.", "zh": "地点安静，并经本人同意；回去的路已安排好。"},
		{"en": "Expenses are paid, the account never is.", "ko": "비용은 드리되 증언에 값을 치르지 않습니다.", "zh": "可以补偿开支，但绝不为证言付钱。"},
		{"en": "Read what is here already, so that nobody has to say it twice.", "ko": "같은 말을 두 번 하지 않도록 이미 있는 기록을 읽어 둡니다.", "zh": "先读已有记录，免得让人重复讲。"},
	},
	"introduction": {
		{"en": "“You decide what you tell. You can stop, skip or leave at any moment.”", "ko": "“무엇을 말할지는 직접 정하십니다. 언제든 멈추거나 건너뛰거나 나가셔도 됩니다.”", "zh": "“讲什么由您决定。您随时可以停下、跳过或离开。”"},
		{"en": "“What we cannot do: promise papers, money or a decision.”", "ko": "“저희가 할 수 없는 일은 서류나 돈, 결정을 약속하는 것입니다.”", "zh": "“我们做不到的：不能保证证件、钱或任何决定。”"},
		{"en": "Agree on a sign that means stop.", "ko": "그만하자는 신호를 함께 정합니다.", "zh": "一起约定一个表示“停”的手势。"},
	},
	"free_account": {
		{"en": "Listen. Do not interrupt; note what to ask later.", "ko": "듣습니다. 끊지 말고 나중에 물을 것을 적어 둡니다.", "zh": "倾听，不打断；要问的先记下来。"},
		{"en": "Silence is all right.", "ko": "침묵도 괜찮습니다.", "zh": "沉默也没关系。"},
		{"en": "“Is there more you want to say about that?”", "ko": "“그 일에 대해 더 하고 싶은 말씀이 있나요?”", "zh": "“关于这件事您还想说什么吗？”"},
	},
	"periods": {
		{"en": "One period at a time; begin and end with something ordinary.", "ko": "한 시기씩, 평범한 이야기로 열고 닫습니다.", "zh": "一次谈一个阶段，用平常的话题开始和结束。"},
		{"en": "Ask for dates by the life calendar: what was before, what came after?", "ko": "때는 생애 달력으로 묻습니다. 그 전에는 무엇이, 그 뒤에는 무엇이 있었나요?", "zh": "用生活日历问时间：在那之前有什么？之后呢？"},
		{"en": "“I do not remember” is an answer.", "ko": "“기억나지 않는다”도 답입니다.", "zh": "“不记得”也是回答。"},
	},
	"incidents": {
		{"en": "Who, what, where, when; then how it is known.", "ko": "누가, 무엇을, 어디서, 언제. 그다음 어떻게 아는지.", "zh": "何人、何事、何地、何时；然后是如何得知。"},
		{"en": "Never ask why somebody did not resist, flee or speak.", "ko": "왜 저항하거나 도망치거나 말하지 않았느냐고 묻지 않습니다.", "zh": "绝不问为什么没有反抗、逃走或说出来。"},
		{"en": "No detail beyond what the record needs.", "ko": "기록에 필요한 것 이상은 묻지 않습니다.", "zh": "不问超出记录所需的细节。"},
	},
	"perpetrators": {
		{"en": "Uniform, rank, office, what others called them.", "ko": "제복, 계급, 부서, 남들이 부르던 호칭.", "zh": "制服、职级、部门、别人怎么称呼。"},
		{"en": "Their families are not our subject.", "ko": "그들의 가족은 묻지 않습니다.", "zh": "不问其家人。"},
	},
	"others": {
		{"en": "Numbers and roles instead of names.", "ko": "이름 대신 수와 역할을 적습니다.", "zh": "记人数和角色，不记姓名。"},
		{"en": "Who helped is not asked: no name, no way, no house.", "ko": "도와준 사람은 묻지 않습니다. 이름도 길도 집도 적지 않습니다.", "zh": "不问谁帮助过：姓名、路线、住处都不记。"},
	},
	"health": {
		{"en": "What hurts today comes first.", "ko": "지금 아픈 곳부터.", "zh": "先问今天哪里不舒服。"},
		{"en": "Nobody has to show anything.", "ko": "아무것도 보여 주지 않아도 됩니다.", "zh": "什么都不必展示。"},
		{"en": "Of self-harm ask whether help is wanted, never how.", "ko": "자해에 대해서는 도움이 필요한지만 묻고 방법은 묻지 않습니다.", "zh": "涉及自伤，只问是否需要帮助，绝不问方式。"},
	},
	"documents": {
		{"en": "Look first, copy only what is allowed, give the thing back.", "ko": "먼저 보고, 허락한 것만 복사하고, 물건은 돌려드립니다.", "zh": "先看，只复制获准的部分，原物归还。"},
		{"en": "Carrying a paper can be dangerous: say so.", "ko": "서류를 지니는 것이 위험할 수 있음을 알립니다.", "zh": "告知随身携带文件可能有危险。"},
	},
	"wishes": {
		{"en": "Write it down in the person's own words.", "ko": "본인의 말 그대로 적습니다.", "zh": "按本人原话记录。"},
		{"en": "Say honestly what can be done and what cannot.", "ko": "할 수 있는 것과 없는 것을 솔직히 말합니다.", "zh": "如实说明能做和不能做的。"},
	},
	"read_back": {
		{"en": "Read slowly, in the person's language; say before a hard passage that it comes.", "ko": "본인의 언어로 천천히 읽고, 힘든 대목 앞에서는 먼저 알립니다.", "zh": "用本人的语言慢慢读；沉重的段落先打招呼。"},
		{"en": "A correction is welcome. It is written beside the words, and the words stay.", "ko": "정정은 언제나 좋습니다. 말 곁에 적고 말은 그대로 둡니다.", "zh": "欢迎更正。更正写在原话旁边，原话保留。"},
		{"en": "Ask again what may be used, now that everything has been said.", "ko": "다 말한 지금, 무엇을 써도 되는지 다시 묻습니다.", "zh": "全部讲完后，再问一次哪些可以使用。"},
	},
	"closing": {
		{"en": "End with the present: the day, the way home, who waits.", "ko": "지금의 이야기로 마칩니다. 오늘, 돌아갈 길, 기다리는 사람.", "zh": "以当下收尾：今天、回去的路、谁在等。"},
		{"en": "Say what happens next and when the person hears from us.", "ko": "다음에 무슨 일이 있고 언제 소식을 드릴지 말합니다.", "zh": "说明接下来会怎样，何时会有消息。"},
		{"en": "Then talk with a colleague about how it was for you.", "ko": "끝난 뒤 동료와 본인의 마음도 나눕니다.", "zh": "之后也和同事谈谈自己的感受。"},
	},
}

// Prompts are the reminders of a phase.
func (p Phase) Prompts(lang string) []string {
	var out []string
	for _, t := range prompts[p.Code] {
		out = append(out, t.In(lang))
	}
	return out
}

// Hard reports whether what is told in a phase is often hard to tell and to hear: a warning
// comes first.
func (p Phase) Hard() bool {
	return p.Code == "incidents" || p.Code == "perpetrators" || p.Code == "health" || p.Code == "read_back"
}

// distress is what to do when somebody is overwhelmed, in this order.
var distress = []kind.Text{
	{"en": "Stop asking. “We are here, now. Nothing has to be told.”", "ko": "질문을 멈춥니다. “지금 여기 계십니다. 말하지 않으셔도 됩니다.”", "zh": "停止提问。“我们此刻在这里。什么都不必讲。”"},
	{"en": "Both feet on the floor; slow breath; water. Name five things in the room.", "ko": "두 발을 바닥에, 천천히 숨쉬기, 물 한 잔. 방 안의 물건 다섯 가지를 말해 봅니다.", "zh": "双脚踩地，慢慢呼吸，喝口水。说出屋里的五样东西。"},
	{"en": "Offer a break, or the end for today. The person chooses.", "ko": "쉬거나 오늘은 여기까지 할지, 본인이 고릅니다.", "zh": "建议休息，或今天到此为止，由本人选择。"},
	{"en": "Offer a referral, and write down which.", "ko": "연계를 제안하고 무엇인지 적습니다.", "zh": "提供转介，并记下转介至何处。"},
}

// Distress lists what to do when somebody is overwhelmed.
func Distress(lang string) []string {
	var out []string
	for _, t := range distress {
		out = append(out, t.In(lang))
	}
	return out
}
